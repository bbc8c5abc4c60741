/** The activities a step calls: on its region's queue, with its title in the timeline and bounds on every wait. */
import { proxyActivities } from '@temporalio/workflow';
import { activityQueue } from './run-context.ts';

/** A set of activities: functions of one input object. */
export type Activities<Acts> = { readonly [Name in keyof Acts]: (input: never) => Promise<unknown> };

export interface StepOptions {
  /** Bound on one attempt; default 1 minute. */
  readonly attemptMs?: number;
  /** Bound on the step with all its attempts, and with the wait for a worker of the region; default 10 minutes. */
  readonly totalMs?: number;
  /** For activities that report that they go on: without a report for this long the attempt counts as lost. Default: none expected. */
  readonly heartbeatMs?: number;
  /** Attempts at most; default 5, with pauses from 1 s doubling up to 30 s. */
  readonly attempts?: number;
}

const ATTEMPT_MS = 60_000;
const TOTAL_MS = 600_000;
/** Temporal shows a summary of at most 200 bytes; longer titles are cut. */
const MAX_SUMMARY = 100;

export function activitiesFor<Acts extends Activities<Acts>>(
  region: string,
  title: string,
  options: StepOptions,
): Acts {
  const { attemptMs, totalMs } = boundsOf(options);
  return proxyActivities({
    taskQueue: activityQueue(region),
    summary: title.slice(0, MAX_SUMMARY),
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: totalMs,
    ...(options.heartbeatMs === undefined ? {} : { heartbeatTimeout: options.heartbeatMs }),
    retry: {
      initialInterval: 1_000,
      backoffCoefficient: 2,
      maximumInterval: 30_000,
      maximumAttempts: options.attempts ?? 5,
    },
  }) as unknown as Acts;
}

export const boundsOf = (options: StepOptions): { readonly attemptMs: number; readonly totalMs: number } => ({
  attemptMs: options.attemptMs ?? ATTEMPT_MS,
  totalMs: options.totalMs ?? TOTAL_MS,
});
