/**
 * What a run asks about limits, and what a limit asks about runs: local activities of the runbook worker. They only pass messages on, under
 * ids that stay the same when they are repeated.
 */
import { Context } from '@temporalio/activity';
import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  LIMIT_WORKFLOW,
  type LimitReleaseMessage,
  type LimitRequestMessage,
  type LimitStart,
  type LimitView,
  RELEASE_SIGNAL,
  REQUEST_SIGNAL,
  STATE_QUERY,
} from '../../workflows/engine/limit-protocol.ts';
import type { Outcome, Verdict } from '../../workflows/engine/limits/rule.ts';
import type { LimitState } from '../../workflows/engine/limits/state.ts';
import type { LimitUse, StepFacts } from '../../workflows/kit/limit-use.ts';
import { RUNBOOK_QUEUE } from '../../workflows/kit/run-context.ts';
import { permanent } from '../permanent.ts';
import type { CountTargets, LimitDefinition } from './definition.ts';
import { limitId } from './limit-id.ts';
import { ruleOf } from './rule-of.ts';
import { scopesOf } from './scope.ts';

export interface LimitDependencies {
  readonly client: Client;
  readonly definitions: readonly LimitDefinition[];
  readonly countTargets: CountTargets;
}

export interface AskRequest {
  readonly uses: readonly LimitUse[];
  /** Which of them, in the order in which all are taken. */
  readonly index: number;
  /** Null the first time; then what it was asked under. */
  readonly id: string | null;
  readonly facts: StepFacts;
  readonly step: string;
  readonly leaseMs: number;
  readonly attemptMs: number;
  readonly undo: boolean;
}

export interface Asked {
  readonly id: string;
  readonly limit: string;
  readonly scope: string;
  /** Workflow id of the limit. */
  readonly workflowId: string;
  readonly waitMs: number;
  /** No other one is to be taken after it. */
  readonly last: boolean;
}

export interface GiveBackRequest {
  readonly id: string;
  readonly workflowId: string;
  readonly outcome: Outcome;
  readonly lingers: boolean;
}

export interface InspectRequest {
  readonly workflowId: string;
  readonly runId: string;
}

export interface RecallRequest extends InspectRequest {
  /** Run that had this id before, as whoever asked has seen it. */
  readonly previous: string | null;
}

const CALL_TIMEOUT_MS = 5_000;

/** Without dependencies no limit is known, so every step under one is refused. */
export function createLimitDecisions(dependencies?: LimitDependencies) {
  const call = <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    if (dependencies === undefined) throw permanent('LimitUnknown', 'this worker knows no limits');
    const { client } = dependencies;
    return client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => work(client));
  };
  return {
    /** May run twice: the id comes from the step, or from the time before. Final failures: a limit or scope that is not known, one that allows nothing. */
    askForSlot: async (request: AskRequest): Promise<Asked> => {
      const { uses, index, facts, step, leaseMs, attemptMs, undo } = request;
      const scopes = scopesOf(uses, facts, dependencies?.definitions ?? []);
      const scoped = scopes[index];
      if (scoped === undefined)
        throw permanent(
          'LimitUnknown',
          `there is no limit ${index + 1}; the configuration has changed to ${scopes.length}`,
        );
      const rule = ruleOf(scoped, dependencies?.countTargets ?? (() => 0));
      const { runId, workflowId } = self();
      const id = request.id ?? `${runId}:${Context.current().info.activityId}`;
      const message: LimitRequestMessage = {
        rule,
        request: { id, workflowId, runId, step, target: facts.target, leaseMs, attemptMs, undo },
      };
      const limit = limitId(rule.name, scoped.value);
      await call((client) => ask(client, limit, message));
      const last = index === scopes.length - 1;
      return { id, limit: rule.name, scope: rule.scope, workflowId: limit, waitMs: rule.waitMs, last };
    },

    /** May run twice: a slot is given back once. */
    giveSlotBack: async ({ id, workflowId, outcome, lingers }: GiveBackRequest): Promise<void> => {
      // A run that was reset gives back what its predecessor took: an attempt of that one may still be at work.
      const foreign = !id.startsWith(`${self().runId}:`);
      const message: LimitReleaseMessage = { id, outcome, lingers: lingers || foreign };
      try {
        await call((client) => client.workflow.getHandle(workflowId).signal(RELEASE_SIGNAL, message));
      } catch (error) {
        // It remembers nothing any more, so it holds nothing either.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    /** What a limit remembered when somebody terminated it; null when it ended by itself, with nothing to remember. Looks only. */
    recallLimit: ({ workflowId, runId, previous }: RecallRequest): Promise<LimitState | null> =>
      call(async (client) => {
        const ended = await Promise.all([newestClosed(client, workflowId), find(client, workflowId, previous)]);
        const [last] = ended
          .filter((each) => each !== null && each.runId !== runId)
          .toSorted((a, b) => closedAt(b) - closedAt(a));
        if (last == null || last.status.name === 'COMPLETED') return null;
        return (await client.workflow.getHandle(workflowId, last.runId).query<LimitView>(STATE_QUERY)).state;
      }),

    /** Looks only; may run any number of times. */
    inspectHolder: async ({ workflowId, runId }: InspectRequest): Promise<Verdict> => {
      try {
        const { status, closeTime, raw } = await call((client) =>
          client.workflow.getHandle(workflowId, runId).describe(),
        );
        if (status.name === 'RUNNING') return { kind: raw.pendingActivities?.length ? 'live' : 'idle' };
        return { kind: 'closed', closedAt: closeTime?.getTime() ?? Date.now() };
      } catch (error) {
        // Its retention is over, and any step of it long before.
        if (error instanceof WorkflowNotFoundError) return { kind: 'closed', closedAt: 0 };
        throw error;
      }
    },
  };
}

/** Starts the limit where it does not run. One that had a run before is told which: visibility does not know yet who was terminated a moment ago. */
async function ask(client: Client, limit: string, message: LimitRequestMessage): Promise<void> {
  const { rule } = message;
  const send = (previous: string | null, workflowIdReusePolicy: WorkflowIdReusePolicy): Promise<unknown> =>
    client.workflow.signalWithStart(LIMIT_WORKFLOW, {
      workflowId: limit,
      workflowIdReusePolicy,
      taskQueue: RUNBOOK_QUEUE,
      args: [{ rule, state: null, previous } satisfies LimitStart],
      signal: REQUEST_SIGNAL,
      signalArgs: [message],
      staticSummary: `limit ${rule.name}, ${rule.scope}`,
      memo: { limit: { name: rule.name, scope: rule.scope } },
    });
  try {
    await send(null, WorkflowIdReusePolicy.REJECT_DUPLICATE);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Closed, or begun anew by somebody else since; then this only signals.
    const { runId } = await client.workflow.getHandle(limit).describe();
    await send(runId, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
  }
}

type Ended = Pick<WorkflowExecutionInfo, 'runId' | 'status' | 'closeTime'>;

async function newestClosed(client: Client, workflowId: string): Promise<Ended | null> {
  const query = `WorkflowId = '${workflowId}' AND ExecutionStatus != 'Running'`;
  for await (const found of client.workflow.list({ query, pageSize: 1 })) return found;
  return null;
}

async function find(client: Client, workflowId: string, runId: string | null): Promise<Ended | null> {
  if (runId === null) return null;
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    // Its retention is over, and any lease long before.
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

const closedAt = (run: Ended | null): number => run?.closeTime?.getTime() ?? 0;

function self(): { readonly workflowId: string; readonly runId: string } {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution === undefined) throw permanent('NoRun', 'a slot can be asked for by a run only');
  return workflowExecution;
}
