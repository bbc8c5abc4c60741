import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { FOREIGN_LEASE, LIMIT_REFUSED } from '../../workflows/engine/limit-protocol.ts';
import { neverBegan, provesNotBegun, toldNeverBegan } from '../../workflows/kit/never-began.ts';
import { EFFECTS_STOPPED, NOT_BEGUN, NO_WORKER } from '../../workflows/kit/run-context.ts';
import { WINDOW_CLOSED } from '../../workflows/kit/window-message.ts';

const activity = (cause: Error): ActivityFailure =>
  new ActivityFailure('Activity task failed', 'effect', '1', RetryState.TIMEOUT, 'worker', cause);
const failure = (type: string, ...details: readonly unknown[]): ApplicationFailure =>
  ApplicationFailure.create({ type, message: type, details: [...details] });
const timeOut = (type: TimeoutType, before?: Error): TimeoutFailure => {
  const error = new TimeoutFailure('timed out', undefined, type);
  // As the SDK keeps what the server said.
  error.failure = before === undefined ? {} : { cause: { message: before.message } };
  return error;
};
const { SCHEDULE_TO_START, SCHEDULE_TO_CLOSE, START_TO_CLOSE, HEARTBEAT } = TimeoutType;
const unheard = new TimeoutFailure('timed out', undefined, SCHEDULE_TO_START);
const unstarted = activity(new CancelledFailure('cancelled', ['ACTIVITY_ID_NOT_STARTED']));

describe('a call that failed', () => {
  for (const [what, error, never] of [
    ['that no worker took at its first attempt', activity(timeOut(SCHEDULE_TO_START)), true],
    ['that seems so, and nobody knows what the server said', activity(unheard), false],
    ['that no worker took at a later one', activity(timeOut(SCHEDULE_TO_START, new Error('lost'))), false],
    ['whose attempt took too long', activity(timeOut(START_TO_CLOSE)), false],
    ['whose attempt was not heard of', activity(timeOut(HEARTBEAT)), false],
    ['whose time was up: it may have been at work', activity(timeOut(SCHEDULE_TO_CLOSE)), false],
    ['that no region took', failure(NO_WORKER), true],
    ['that its limit refused before it was made', failure(LIMIT_REFUSED), true],
    ['that came with the slot of a run that was reset, and had acted perhaps', activity(failure(FOREIGN_LEASE)), false],
    ['that its worker put off', activity(failure(NOT_BEGUN)), true],
    ['that was put off, then lost', activity(timeOut(START_TO_CLOSE, failure(NOT_BEGUN))), false],
    ['that the red button refused at its first attempt', activity(failure(EFFECTS_STOPPED, {}, 0, 1, true)), true],
    ['that it refused at a later one, or half-way', activity(failure(EFFECTS_STOPPED, {}, 0, 2, false)), false],
    ['that came after the cut-off at its first attempt', activity(failure(WINDOW_CLOSED, true)), true],
    ['that came after it at a later one', activity(failure(WINDOW_CLOSED, false)), false],
    ['that threw', activity(failure('NoMoney')), false],
    ['that was cancelled before or between attempts', unstarted, false],
    ['that was cancelled, by its worker', activity(new CancelledFailure('cancelled')), false],
    ['in some other way', new Error('lost'), false],
  ] as const)
    it(`${what} ${never ? 'never began' : 'may have begun'}`, () => {
      assert.equal(neverBegan(error), never);
    });

  it('never began when it is cancelled before its only attempt', () => {
    assert.equal(provesNotBegun(unstarted, 1), true);
  });

  it('is what whoever made it says, who made others before it', () => {
    assert.equal(neverBegan(toldNeverBegan(activity(failure(NOT_BEGUN)), false)), false);
    assert.equal(neverBegan(toldNeverBegan(activity(timeOut(SCHEDULE_TO_CLOSE)), true)), true);
  });

  it('may have begun when one of two says so that ended with one failure, whoever says it first', () => {
    const cancelled = new CancelledFailure('cancelled');
    toldNeverBegan(cancelled, false);
    assert.equal(neverBegan(toldNeverBegan(cancelled, true)), false);
  });
});
