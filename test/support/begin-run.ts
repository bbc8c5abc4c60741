/** Starts runs as a trigger's dispatcher does, each of an episode of its own. */
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import type { Installation } from './installation.ts';
import { labContext } from './lab-context.ts';

export type BeginRun = (
  runbook: string,
  input: object,
  context?: Partial<RunContext>,
  executionTimeoutMs?: number,
) => Promise<string>;

const EXECUTION_TIMEOUT_MS = 600_000;

/** What it returns resolves to the workflow id. */
export function beginsRuns({ client, servers }: Installation, service: string): BeginRun {
  let generation = 0;
  return async (runbook, input, given = {}, executionTimeoutMs = EXECUTION_TIMEOUT_MS) => {
    generation += 1;
    const context = { ...CONTEXT, service, generation, ...given };
    const { trigger, alertKey } = context;
    const id = workflowId({ stream: 'EVENTS_EU', trigger: trigger ?? '', key: alertKey ?? '', generation, attempt: 1 });
    await createEngine({ client, namespace: servers.namespace }).start({
      workflowId: id,
      workflowType: runbook,
      input,
      context,
      executionTimeoutMs,
      summary: runbook,
    });
    return id;
  };
}

const CONTEXT = labContext();
