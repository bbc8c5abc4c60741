/** The worker of `touchTarget` and `touchOnce`, whose only step acts on a target under a limit that lets one step act there. */
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { createDecisions } from '../../activities/decisions.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import type { TemporalConnection } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';
import { runbooksBundle } from './bundles.ts';
import type { TouchOnceInput } from './cut-off-runbooks.ts';
import type { TouchInput } from './cut-off-worker.ts';
import { byHandContext } from './lab-context.ts';
import { limitDefinition } from './limit-definition.ts';

export interface OnePerTarget {
  begin(id: string, target: string, bounded: boolean): Promise<WorkflowHandle>;
  /** Whose step must not be repeated. */
  beginOnce(id: string, input: TouchOnceInput, context: Partial<RunContext>): Promise<WorkflowHandle>;
  shutdown(): Promise<void>;
}

const LIMITS = { maxCachedWorkflows: 100, maxActivities: 1, shutdownGraceMs: 1_000 };
const CONTEXT = byHandContext();

export async function startOnePerTarget(temporal: TemporalConnection): Promise<OnePerTarget> {
  const { codePath } = await runbooksBundle(join(import.meta.dirname, 'cut-off-runbooks.ts'), [
    join(import.meta.dirname, '../../workflows/kit/fence-header.ts'),
  ]);
  const decisions = createDecisions({
    approvals: () => ({ keys: [], quorum: 1, quorums: {}, expiryMs: 60_000, remindersMs: [], escalation: [] }),
    limits: { client: temporal.client, definitions: [limitDefinition('one-per-target')], countTargets: () => 100 },
    tell: () => undefined,
  });
  const worker = await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS);
  const start = (type: string, workflowId: string, input: TouchInput, context: Partial<RunContext>) =>
    temporal.client.workflow.start(type, {
      workflowId,
      taskQueue: 'runbooks',
      args: [input],
      workflowExecutionTimeout: 600_000,
      memo: { tocsin: { ...CONTEXT, service: input.target, ...context } },
    });
  return {
    begin: (workflowId, target, bounded) => start('touchTarget', workflowId, { target, bounded }, {}),
    beginOnce: (workflowId, input, context) => start('touchOnce', workflowId, input, context),
    shutdown: () => worker.shutdown(),
  };
}
