/**
 * One Temporal worker on one task queue: runbooks (workflow code only) or the activities of one region. It hides the SDK's defaults
 * that hurt: no grace at shutdown, a cache sized by the heap, and a state RUNNING that says nothing about polling.
 */
import {
  type ActivityInterceptorsFactory,
  Worker,
  type InjectedSinks,
  type WorkerDeploymentOptions,
  type WorkerInterceptors,
  type WorkerOptions,
} from '@temporalio/worker';
import { fenceActivities } from '../activities/fencing-token.ts';
import { meantActivities } from '../activities/meant-region.ts';
import { openEnvelope } from '../activities/open-envelope.ts';
import { refuseStale } from '../activities/refuse-stale.ts';
import { boundResult } from '../activities/result-size.ts';
import { refuseLate } from '../activities/windows/refuse-late.ts';
import type { AnswerSinks } from '../workflows/kit/refused-answers.ts';
import { RUNBOOK_QUEUE, activityQueue } from '../workflows/kit/run-context.ts';
import { currentAttempt } from './current-attempt.ts';
import { withPayloadBound } from './payload-bound.ts';
import { ACTIVITY_TASKS, POLL_SEEN_MS, RUNBOOK_TASKS, pollersOf } from './pollers.ts';
import type { TellRefused } from './refused-answers.ts';
import { runWorker } from './run-worker.ts';
import { stepLog } from './step-log.ts';
import type { TemporalConnection } from './temporal-connection.ts';
import { workerIdentity } from './worker-identity.ts';

export interface WorkerLimits {
  /** Runs whose state is kept in memory; others are rebuilt from history when they wake. */
  readonly maxCachedWorkflows: number;
  readonly maxActivities: number;
  /** Activities in progress at shutdown may finish for this long; then they are cancelled, and dropped after twice the time. */
  readonly shutdownGraceMs: number;
  /** Undefined: it takes tasks of every run. */
  readonly version?: WorkerDeploymentOptions | undefined;
}

export type WorkerRole =
  /** `decisions`: what runbooks ask in local activities (R7). `refused`: hears of answers to approvals that did not count. */
  | {
      readonly kind: 'runbooks';
      readonly codePath: string;
      readonly decisions?: object;
      readonly refused?: TellRefused;
    }
  | {
      readonly kind: 'activities';
      readonly region: string;
      /** Default: the region's own by name. */
      readonly queue?: string;
      readonly activities: object;
      /** What stands around each activity, outermost first. */
      readonly around?: readonly ActivityInterceptorsFactory[];
    };

export interface RunningWorker {
  readonly taskQueue: string;
  /** As the Temporal UI shows it beside each task. */
  readonly identity: string;
  /** Resolves after shutdown; rejects when the worker cannot go on. */
  readonly finished: Promise<void>;
  /** True only while the server has seen this worker poll lately. */
  polling(): Promise<boolean>;
  shutdown(): Promise<void>;
}

type Traced = Pick<WorkerOptions, 'interceptors' | 'sinks'>;

export async function createWorker(
  temporal: TemporalConnection,
  role: WorkerRole,
  limits: WorkerLimits,
  tracing: Traced = {},
): Promise<RunningWorker> {
  const taskQueue = role.kind === 'runbooks' ? RUNBOOK_QUEUE : (role.queue ?? activityQueue(role.region));
  const identity = workerIdentity(role.kind === 'runbooks' ? 'runbooks' : role.region);
  const worker = await Worker.create({
    ...optionsOf(role, limits),
    sinks: { ...tracing.sinks, ...sinksOf(role) },
    interceptors: interceptorsOf(temporal, role, tracing),
    connection: temporal.connection,
    ...converterOf(role, temporal),
    namespace: temporal.namespace,
    taskQueue,
    identity,
    ...(limits.version === undefined ? {} : { workerDeploymentOptions: limits.version }),
    shutdownGraceTime: limits.shutdownGraceMs,
    shutdownForceTime: limits.shutdownGraceMs * 2,
  });
  const seenPolling = pollWatch(temporal, taskQueue, identity, role.kind);
  const finished = runWorker(worker);
  // Whoever awaits `finished` sees the failure; until then it must not count as unhandled.
  finished.catch(() => undefined);
  return {
    taskQueue,
    identity,
    finished,
    polling: async () => worker.getState() === 'RUNNING' && (await seenPolling()),
    shutdown: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished.catch(() => undefined);
    },
  };
}

const optionsOf = (role: WorkerRole, limits: WorkerLimits): Partial<WorkerOptions> =>
  role.kind === 'runbooks'
    ? {
        workflowBundle: { codePath: role.codePath },
        maxCachedWorkflows: limits.maxCachedWorkflows,
        ...(role.decisions === undefined ? {} : { activities: role.decisions }),
      }
    : {
        activities: role.activities,
        maxConcurrentActivityTaskExecutions: limits.maxActivities,
      };

/** Strangers can send updates to runs: see `payload-bound.ts`. */
const converterOf = (role: WorkerRole, { dataConverter }: TemporalConnection): Partial<WorkerOptions> =>
  role.kind === 'runbooks'
    ? { dataConverter: withPayloadBound(dataConverter), disablePayloadErrorLimit: true }
    : dataConverter === undefined
      ? {}
      : { dataConverter };

const sinksOf = (role: WorkerRole): InjectedSinks<AnswerSinks> => ({
  tocsinAnswers: {
    refused: {
      fn: ({ workflowId }, answer) => {
        if (role.kind === 'runbooks') role.refused?.(workflowId, answer);
      },
      callDuringReplay: false,
    },
  },
});

const interceptorsOf = (temporal: TemporalConnection, role: WorkerRole, tracing: Traced): WorkerInterceptors => ({
  ...tracing.interceptors,
  activity: [
    boundResult,
    ...(role.kind === 'activities'
      ? [
          openEnvelope,
          stepLog,
          fenceActivities,
          refuseStale(currentAttempt(temporal), Date.now),
          meantActivities,
          refuseLate(Date.now),
          ...(role.around ?? []),
        ]
      : []),
    ...(tracing.interceptors?.activity ?? []),
  ],
});

/**
 * Whether the server has seen this worker poll lately. Other workers of the same host do not count. The server's time of the last poll is only
 * compared with the one it told before: when it has changed, the worker has polled, and how long ago is measured here. So it does not matter
 * whether the two clocks agree.
 */
function pollWatch(temporal: TemporalConnection, taskQueue: string, identity: string, kind: WorkerRole['kind']) {
  let last = { seenAt: 0, since: 0 };
  return async (): Promise<boolean> => {
    try {
      const pollers = await pollersOf(temporal, taskQueue, kind === 'runbooks' ? RUNBOOK_TASKS : ACTIVITY_TASKS);
      const own = pollers.find((poller) => poller.identity === identity);
      const now = performance.now();
      if (own !== undefined && own.seenAt !== last.seenAt) last = { seenAt: own.seenAt, since: now };
      return own !== undefined && now - last.since < POLL_SEEN_MS;
    } catch {
      return false;
    }
  };
}
