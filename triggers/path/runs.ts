/** Runs through Temporal's client: exact answers by id, lists by visibility queries. Reads only. */
import {
  type Client,
  ServiceError,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import type { PlannedReport } from '../../workflows/kit/plan.ts';
import { LIMIT_WORKFLOW } from '../../workflows/engine/limit-protocol.ts';
import { EFFECTS_STOPPED, type RunContext, SCHEDULE_FIRED } from '../../workflows/kit/run-context.ts';
import { type FailedTask, failedTask } from './failed-task.ts';
import type { RunInfo, RunStatus, Runs, Whose } from './ports.ts';
import type { Stop } from './stop.ts';

const CALL_TIMEOUT_MS = 10_000;
const PAGE_SIZE = 200;
/** A workflow task that failed this often fails because of the code, not because of a worker that went away. */
const STUCK_AFTER_ATTEMPTS = 5;
/** Signals and answers that came since stand behind the failure of a task. */
const NEWEST_EVENTS = 100;
const DAY_MS = 86_400_000;
/** Workflow types of Tocsin's own. */
export const ENGINE_WORKFLOWS: readonly string[] = [LIMIT_WORKFLOW, SCHEDULE_FIRED];

const WHOSE: Readonly<Record<Whose, string>> = {
  triggers: 'TocsinTrigger IS NOT NULL',
  runs: 'TocsinRegion IS NOT NULL',
  engine: `WorkflowType IN (${ENGINE_WORKFLOWS.map((type) => `'${type}'`).join(', ')})`,
};
const INCOMPLETE = "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')";

export function createRuns({ client, namespace }: { readonly client: Client; readonly namespace: string }): Runs {
  const call: Call = (work) => client.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);
  const list = (condition: string, whose: Whose = 'triggers'): AsyncIterable<RunInfo> =>
    runsOf(client, call, whose, condition);
  /** A part of another run was started by that one, and not by an event. */
  const whole = async function* (condition: string): AsyncGenerator<RunInfo> {
    for await (const run of list(condition)) if (run.context?.parent === undefined) yield run;
  };
  const describe = async (workflowId: string): Promise<WorkflowExecutionDescription | null> => {
    try {
      return await call(() => client.workflow.getHandle(workflowId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  };
  const failureOf = async (workflowId: string, runId: string): Promise<WorkflowFailedError | null> => {
    try {
      await call(() => client.workflow.getHandle(workflowId, runId, { followRuns: false }).result());
      return null;
    } catch (error) {
      if (error instanceof WorkflowFailedError) return error;
      // A server that is away will tell later; anything else (purged meanwhile, a reason nobody can decode) never will.
      if (error instanceof ServiceError) throw error;
      return null;
    }
  };
  /** What is added to what is known already: when it cannot be read it is left out, and a run that ended is recorded and told all the same. */
  const becauseOf = async (workflowId: string, runId?: string): Promise<string> => {
    const execution = { workflowId, ...(runId === undefined ? {} : { runId }) };
    try {
      const { history } = await call(() =>
        client.workflowService.getWorkflowExecutionHistoryReverse({
          namespace,
          execution,
          maximumPageSize: NEWEST_EVENTS,
        }),
      );
      return reasonOfTask(failedTask(history?.events ?? []));
    } catch {
      return '';
    }
  };
  return {
    find: async (workflowId) => {
      const description = await describe(workflowId);
      return description === null ? null : toRun(description);
    },
    startedSince: (since) => whole(`StartTime >= ${quoted(since)}`),
    // A run that continued as new is not over: its successor has the same id.
    closedSince: (since, whose) =>
      list(
        `${whose === 'engine' ? INCOMPLETE : "ExecutionStatus NOT IN ('Running', 'ContinuedAsNew')"} AND CloseTime >= ${quoted(since)}`,
        whose,
      ),
    openBefore: (before, whose) => list(`ExecutionStatus = 'Running' AND StartTime < ${quoted(before)}`, whose),
    stopped: () => list("ExecutionStatus = 'Running' AND TocsinPhase = 'stopped'", 'runs'),
    failure: async (...run) => {
      const error = await failureOf(...run);
      if (error === null) return null;
      const [workflowId, runId] = run;
      const broken = error.cause instanceof TimeoutFailure ? await becauseOf(workflowId, runId) : '';
      return `${reasonOf(error)}${broken}`;
    },
    endedByStop: async (...run) => {
      const error = await failureOf(...run);
      return error === null ? null : stopIn(error);
    },
    endsAt: async (workflowId) => {
      const description = await describe(workflowId);
      if (description?.status.name !== 'RUNNING') return null;
      const seconds = description.raw.workflowExtendedInfo?.executionExpirationTime?.seconds ?? null;
      return seconds === null ? null : Number(seconds) * 1_000;
    },
    plan: async (workflowId) => {
      try {
        const report = (await call(() =>
          client.workflow.getHandle(workflowId).result(),
        )) as Partial<PlannedReport> | null;
        return report?.outcome === 'planned' && report.plan !== undefined ? report.plan : null;
      } catch (error) {
        if (error instanceof ServiceError) throw error;
        // It failed, and a plan that failed is none; or it was purged meanwhile.
        return null;
      }
    },
    stuck: async (workflowId) => {
      const attempt = (await describe(workflowId))?.raw.pendingWorkflowTask?.attempt ?? 0;
      if (attempt < STUCK_AFTER_ATTEMPTS) return null;
      return `its workflow task failed ${attempt - 1} times${await becauseOf(workflowId)}`;
    },
    retentionMs: async () => {
      const { config } = await call(() => client.workflowService.describeNamespace({ namespace }));
      const seconds = config?.workflowExecutionRetentionTtl?.seconds;
      return seconds === undefined || seconds === null ? DAY_MS : Number(seconds) * 1_000;
    },
  };
}

type Call = <T>(work: () => Promise<T>) => Promise<T>;

/** Each page has its own bound: a list may be long, a server that went away must be noticed. */
async function* runsOf(client: Client, call: Call, whose: Whose, condition: string): AsyncGenerator<RunInfo> {
  const query = `${WHOSE[whose]} AND ${condition}`;
  const found = client.workflow.list({ query, pageSize: PAGE_SIZE })[Symbol.asyncIterator]();
  for (;;) {
    const next = await call(() => found.next());
    if (next.done === true) return;
    const run = toRun(next.value);
    const byHand = run.context?.trigger === null;
    if (run.context?.mode !== 'plan' && (whose === 'runs' || !byHand)) yield run;
  }
}

const toRun = (info: Omit<WorkflowExecutionInfo, 'raw'>): RunInfo => ({
  workflowId: info.workflowId,
  runId: info.runId,
  workflowType: info.type,
  status: STATUSES[info.status.name] ?? (info.closeTime === undefined ? 'running' : 'failed'),
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

function reasonOfTask(task: FailedTask | null): string {
  if (task === null) return '';
  return task.byCode
    ? `, because the code of its runbook does: ${task.why}`
    : `, because its workflow task fails: ${task.why}`;
}

/** Also of a part of the run: that one fails because of it. */
function stopIn(error: WorkflowFailedError): Stop | null {
  for (let next: unknown = error.cause; next instanceof Error; next = next.cause)
    if (next instanceof ApplicationFailure && next.type === EFFECTS_STOPPED)
      return (next.details?.[0] as Stop | undefined) ?? null;
  return null;
}

const quoted = (instant: number): string => `'${new Date(instant).toISOString()}'`;
