/**
 * Which failures of an effect's call prove that nothing of it ever began. What is not named here is in doubt, and doubt is undone: a time-out of
 * an attempt, a worker that was lost, a call that is cancelled while it may be at work, a run that was reset, whatever the activity throws.
 */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { LIMIT_REFUSED } from '../engine/limit-protocol.ts';
import { EFFECTS_STOPPED, NOT_BEGUN, NO_WORKER } from './run-context.ts';
import { WINDOW_CLOSED } from './window-message.ts';

/** What Temporal says of a cancelled activity that no worker had at that moment. */
const NOT_STARTED = 'ACTIVITY_ID_NOT_STARTED';

/** Of calls that were made several times, whoever made them knows more than the failure of the last. A cancelled scope ends all of its calls with one failure. */
const told = new WeakMap<object, boolean>();

/** Says of a failure whether it is certain that the call behind it never began. Returns the failure. */
export function toldNeverBegan(error: unknown, never: boolean): unknown {
  if (typeof error === 'object' && error !== null) told.set(error, never && (told.get(error) ?? true));
  return error;
}

/** Whether it is certain that the call which failed so never began, in any attempt. */
export const neverBegan = (error: unknown): boolean =>
  (typeof error === 'object' && error !== null ? told.get(error) : undefined) ?? provesNotBegun(error);

/** Whether a call that was made once proves by its failure that it never began. `attempts`: how many it may have had at most. */
export function provesNotBegun(error: unknown, attempts = Infinity): boolean {
  // A limit that refuses does so before the call is made.
  if (error instanceof ApplicationFailure) return error.type === NO_WORKER || error.type === LIMIT_REFUSED;
  if (!(error instanceof ActivityFailure)) return false;
  return isNeverTaken(error) || isPutOff(error) || (attempts === 1 && isCancelledUnstarted(error));
}

/**
 * No worker took it at its first attempt: of a later one the server names as the cause what became of the one before. The SDK keeps that in
 * what it was told only.
 */
export const isNeverTaken = ({ cause }: ActivityFailure): boolean =>
  cause instanceof TimeoutFailure &&
  cause.timeoutType === TimeoutType.SCHEDULE_TO_START &&
  cause.failure !== undefined &&
  (cause.failure.cause ?? null) === null;

/** Its worker could not ask whether it may act, and did nothing. */
export const isNotBegun = (error: unknown): error is ActivityFailure =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === NOT_BEGUN;

/** Its worker turned it away at the first attempt, before anything happened. */
function isPutOff(error: ActivityFailure): boolean {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return false;
  const details: readonly unknown[] = cause.details ?? [];
  if (cause.type === EFFECTS_STOPPED) return details[3] === true;
  if (cause.type === WINDOW_CLOSED) return details[0] === true;
  return isNotBegun(error);
}

/** Between two attempts the server says the same. */
const isCancelledUnstarted = ({ cause }: ActivityFailure): boolean =>
  cause instanceof CancelledFailure && cause.details[0] === NOT_STARTED;
