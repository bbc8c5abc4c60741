/** The activities a step calls: on its region's queue, with its title in the timeline and bounds on every wait. */
import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
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
  /** False: one attempt, which begins early enough to end within `totalMs`. */
  readonly repeatable?: boolean;
}

/** A call that its worker refused before anything of this attempt happened. */
export interface RefusedCall {
  /** Name of the activity. */
  readonly type: string;
  readonly id: string;
}

const ATTEMPT_MS = 60_000;
const TOTAL_MS = 600_000;
/** Temporal shows a summary of at most 200 bytes; longer titles are cut. */
const MAX_SUMMARY = 100;

export function activitiesFor<Acts extends Activities<Acts>>(
  region: string,
  title: string,
  options: StepOptions,
  again?: RefusedCall,
): Acts {
  const common = optionsOf(region, title, options);
  const plain = proxyActivities(common) as unknown as Acts;
  if (again === undefined) return plain;
  // Under its id of before, which is part of its idempotency key: an earlier attempt may have acted without telling.
  const same = proxyActivities({ ...common, activityId: again.id }) as unknown as Acts;
  let called = false;
  return new Proxy(plain, {
    get: (_target, name) => {
      if (called || name !== again.type) return plain[name as keyof Acts];
      called = true;
      return same[name as keyof Acts];
    },
  });
}

export const boundsOf = (options: StepOptions): { readonly attemptMs: number; readonly totalMs: number } => ({
  attemptMs: options.attemptMs ?? ATTEMPT_MS,
  totalMs: options.totalMs ?? TOTAL_MS,
});

const optionsOf = (region: string, title: string, options: StepOptions): ActivityOptions => ({
  taskQueue: activityQueue(region),
  summary: title.slice(0, MAX_SUMMARY),
  startToCloseTimeout: boundsOf(options).attemptMs,
  scheduleToCloseTimeout: boundsOf(options).totalMs,
  ...(options.repeatable === false ? startsInTime(options) : {}),
  ...(options.heartbeatMs === undefined ? {} : { heartbeatTimeout: options.heartbeatMs }),
  retry: {
    initialInterval: 1_000,
    backoffCoefficient: 2,
    maximumInterval: 30_000,
    maximumAttempts: options.repeatable === false ? 1 : (options.attempts ?? 5),
  },
});

/** So that a time-out says whether it has begun at all. */
function startsInTime(options: StepOptions): Pick<ActivityOptions, 'scheduleToStartTimeout'> {
  const { totalMs, attemptMs } = boundsOf(options);
  return totalMs > attemptMs ? { scheduleToStartTimeout: totalMs - attemptMs } : {};
}
