/** The worker of `touchTarget`, whose only step acts on a target under a limit that lets one step act there. */
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { createDecisions } from '../../activities/decisions.ts';
import type { TemporalConnection } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';
import { runbooksBundle } from './bundles.ts';
import { byHandContext } from './lab-context.ts';
import { limitDefinition } from './limit-definition.ts';

export interface OnePerTarget {
  begin(id: string, target: string, bounded: boolean): Promise<WorkflowHandle>;
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
  return {
    begin: (workflowId, target, bounded) =>
      temporal.client.workflow.start('touchTarget', {
        workflowId,
        taskQueue: 'runbooks',
        args: [{ target, bounded }],
        workflowExecutionTimeout: 600_000,
        memo: { tocsin: { ...CONTEXT, service: target } },
      }),
    shutdown: () => worker.shutdown(),
  };
}
