/** Runs through Temporal's client: exact answers by id, lists by visibility queries. Reads only. */
import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import type { RunInfo, RunStatus, Runs } from './ports.ts';

const CALL_TIMEOUT_MS = 10_000;
const PAGE_SIZE = 200;
/** A workflow task that failed this often fails because of the code, not because of a worker that went away. */
const STUCK_AFTER_ATTEMPTS = 5;
const DAY_MS = 86_400_000;

export function createRuns({ client, namespace }: { readonly client: Client; readonly namespace: string }): Runs {
  const call = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);
  const list = (condition: string): AsyncIterable<RunInfo> =>
    runsOf(client, `TocsinTrigger IS NOT NULL AND ${condition}`);
  return {
    find: async (workflowId) => {
      try {
        return toRun(await call(() => client.workflow.getHandle(workflowId).describe()));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    startedSince: (since) => list(`StartTime >= ${quoted(since)}`),
    closedSince: (since) => list(`ExecutionStatus != 'Running' AND CloseTime >= ${quoted(since)}`),
    openBefore: (before) => list(`ExecutionStatus = 'Running' AND StartTime < ${quoted(before)}`),
    failure: async (workflowId, runId) => {
      try {
        await call(() => client.workflow.getHandle(workflowId, runId, { followRuns: false }).result());
        return null;
      } catch (error) {
        return error instanceof WorkflowFailedError ? reasonOf(error) : null;
      }
    },
    stuck: async (workflowId) => {
      const { raw } = await call(() => client.workflow.getHandle(workflowId).describe());
      const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
      return attempt >= STUCK_AFTER_ATTEMPTS ? `its workflow task failed ${attempt - 1} times` : null;
    },
    retentionMs: async () => {
      const { config } = await call(() => client.workflowService.describeNamespace({ namespace }));
      const seconds = config?.workflowExecutionRetentionTtl?.seconds;
      return seconds === undefined || seconds === null ? DAY_MS : Number(seconds) * 1_000;
    },
  };
}

async function* runsOf(client: Client, query: string): AsyncGenerator<RunInfo> {
  for await (const info of client.workflow.list({ query, pageSize: PAGE_SIZE })) {
    const run = toRun(info);
    if (run.context?.trigger !== null) yield run;
  }
}

const toRun = (info: Omit<WorkflowExecutionInfo, 'raw'>): RunInfo => ({
  workflowId: info.workflowId,
  runId: info.runId,
  workflowType: info.type,
  status: STATUSES[info.status.name] ?? 'failed',
  startedAt: info.startTime.getTime(),
  closedAt: info.closeTime?.getTime() ?? null,
  context: (info.memo?.['tocsin'] as RunContext | undefined) ?? null,
});

const STATUSES: Readonly<Record<string, RunStatus>> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  TERMINATED: 'terminated',
  CANCELLED: 'canceled',
  TIMED_OUT: 'timed-out',
};

function reasonOf(error: WorkflowFailedError): string {
  const messages: string[] = [];
  for (let next: unknown = error.cause; next instanceof Error; next = next.cause) messages.push(next.message);
  return (messages.join(': ') || error.message).slice(0, 1_000);
}

const quoted = (instant: number): string => `'${new Date(instant).toISOString()}'`;
