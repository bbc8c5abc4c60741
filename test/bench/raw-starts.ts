/** Starts by the bare client, carrying what a run of the trigger carries: without that the two would not start the same thing. */
import type { Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { attributesOf } from '../../workflows/kit/run-attributes.ts';
import { RUNBOOK_QUEUE, type RunContext } from '../../workflows/kit/run-context.ts';

/** Ids of runs of one round begin with its name. */
export async function rawStarts(client: Client, round: string, count: number, inFlight: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await rawStart(client, round, next++);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

async function rawStart(client: Client, round: string, index: number): Promise<void> {
  const context = contextOf(round, index);
  await client.workflow.start('threeSteps', {
    workflowId: `raw${round}/${context.alertKey ?? ''}#1~01234567`,
    taskQueue: RUNBOOK_QUEUE,
    args: [{ service: 'checkout' }],
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    workflowExecutionTimeout: '1h',
    memo: { tocsin: context },
    staticSummary: `threeSteps for ${context.event?.title ?? ''}`,
    typedSearchAttributes: attributesOf(context),
  });
}

function contextOf(round: string, index: number): RunContext {
  const instance = `raw ${round} ${index}`;
  const alertKey = `am:ServiceDown:${Buffer.from(instance).toString('hex').padEnd(16, '0').slice(0, 16)}-${index.toString(16).padStart(8, '0')}`;
  const id = `firing-${index.toString(16).padStart(32, '0')}`;
  const title = `checkout on ${instance} fails its health check`;
  return {
    trigger: 'bench',
    alertKey,
    generation: 1,
    attempt: 1,
    event: {
      id,
      type: 'tocsin.alert.firing',
      source: 'tocsin:/in/am',
      stream: 'EVENTS_STARTS',
      sequence: index,
      title,
    },
    region: 'starts',
    service: 'checkout',
    severity: 'critical',
    onResolved: 'cancel',
    mode: 'auto',
    phases: 'exceptional',
    cancelled: 'ended',
    labels: { alertname: 'ServiceDown', service: 'checkout', severity: 'critical', instance },
  };
}
