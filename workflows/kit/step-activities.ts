/** The activities a step calls: on its region's queue, with its title in the timeline and bounds on every wait. */
import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import { DEFAULT_RETRY, RETRIES, type Retry, type RetryPolicy } from './retry.ts';

/** A set of activities: functions of one input object. */
export type Activities<Acts> = { readonly [Name in keyof Acts]: (input: never) => Promise<unknown> };

export interface StepOptions {
  /** Bound on one attempt; default 1 minute. */
  readonly attemptMs?: number;
  /** Bound on the step with all its attempts, and with the wait for a worker of the region; default: that of `retry`, 10 minutes for most. */
  readonly totalMs?: number;
  /** For activities that report that they go on: without a report for this long the attempt counts as lost. Default: none expected. */
  readonly heartbeatMs?: number;
  /** How it is tried again; default `steady`. */
  readonly retry?: Retry;
  /** False: one attempt, which begins early enough to end within `totalMs`. */
  readonly repeatable?: boolean;
}

/** A call that its worker refused before anything of this attempt happened. */
export interface RefusedCall {
  /** Name of the activity. */
  readonly type: string;
  readonly id: string;
  /** It is certain that neither it nor any before it under this id ever began. */
  readonly untouched?: boolean;
}

/** Of `again`, and `refused` which came after it: the one that is to be made next. Under one id each of them has to be untouched. */
export function latest(refused: RefusedCall | undefined, again: RefusedCall | undefined): RefusedCall | undefined {
  if (refused === undefined || again === undefined) return refused ?? again;
  if (refused.id !== again.id) return refused;
  return { ...refused, untouched: refused.untouched === true && again.untouched === true };
}

const ATTEMPT_MS = 60_000;
/** Temporal shows a summary of at most 200 bytes; longer titles are cut. */
const MAX_SUMMARY = 100;

/** Where a call is to be taken up. */
export interface Place {
  readonly queue: string;
  /** How long it may wait there for a worker at each attempt; absent: as long as the step lasts. */
  readonly noWorkerAfterMs?: number;
  /** Attempts there at most; absent: as many as the step may have. */
  readonly attempts?: number;
  /** A call that is cancelled is waited for: it may be at work still. */
  readonly waits: boolean;
}

export function activitiesFor<Acts extends Activities<Acts>>(
  place: Place,
  title: string,
  options: StepOptions,
  again?: RefusedCall,
): Acts {
  const common = optionsOf(place, title, options);
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
  totalMs: options.totalMs ?? retryOf(options).totalMs,
});

const optionsOf = (place: Place, title: string, options: StepOptions): ActivityOptions => ({
  taskQueue: place.queue,
  summary: title.slice(0, MAX_SUMMARY),
  ...(place.waits ? { cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED } : {}),
  startToCloseTimeout: boundsOf(options).attemptMs,
  scheduleToCloseTimeout: boundsOf(options).totalMs,
  ...(options.repeatable === false ? startsInTime(options) : {}),
  ...(place.noWorkerAfterMs === undefined ? {} : { scheduleToStartTimeout: place.noWorkerAfterMs }),
  ...(options.heartbeatMs === undefined ? {} : { heartbeatTimeout: options.heartbeatMs }),
  retry: temporalRetry({ ...retryOf(options), ...(place.attempts === undefined ? {} : { attempts: place.attempts }) }),
});

/** So that a time-out says whether it has begun at all. */
function startsInTime(options: StepOptions): Pick<ActivityOptions, 'scheduleToStartTimeout'> {
  const { totalMs, attemptMs } = boundsOf(options);
  return totalMs > attemptMs ? { scheduleToStartTimeout: totalMs - attemptMs } : {};
}

/** Attempts of a step at most. */
export const attemptsOf = (options: StepOptions): number => retryOf(options).attempts;

const retryOf = ({ retry = DEFAULT_RETRY, repeatable }: StepOptions): RetryPolicy =>
  RETRIES[repeatable === false ? 'once' : retry];

const temporalRetry = ({
  attempts,
  firstPauseMs,
  longestPauseMs,
}: RetryPolicy): NonNullable<ActivityOptions['retry']> => ({
  initialInterval: firstPauseMs,
  backoffCoefficient: 2,
  maximumInterval: longestPauseMs,
  maximumAttempts: attempts,
});
