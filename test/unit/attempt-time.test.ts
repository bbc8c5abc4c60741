import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { withinAttempt } from '../../activities/attempt-time.ts';

describe('withinAttempt', () => {
  const rows: readonly (readonly [wantedMs: number, attemptMs: number, expected: number, why: string])[] = [
    [30_000, 60_000, 30_000, 'what fits is left as it is'],
    [90_000, 60_000, 55_000, 'what is longer ends before the attempt is given up'],
    [30_000, 4_000, 2_000, 'a short attempt keeps half of it for the end'],
  ];
  for (const [wantedMs, startToCloseTimeoutMs, expected, why] of rows)
    it(why, async () => {
      const environment = new MockActivityEnvironment({ startToCloseTimeoutMs });
      assert.equal(await environment.run(() => Promise.resolve(withinAttempt(wantedMs))), expected);
    });
});
