import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jitterOf } from '../../../workflows/engine/schedule-jitter.ts';

const DUE = 1_795_000_000;

describe('jitter of a schedule', () => {
  it('is below its bound, and the same whenever it is asked', () => {
    for (let day = 0; day < 1_000; day += 1) {
      const due = DUE + day * 86_400;
      const delay = jitterOf('nightly', due, 300);
      assert.ok(Number.isInteger(delay) && delay >= 0 && delay < 300_000, String(delay));
      assert.equal(jitterOf('nightly', due, 300), delay);
    }
    // Known by heart, so that no release moves what is under way.
    assert.equal(jitterOf('nightly', DUE, 300), 224_720);
  });

  it('spreads the schedules of one instant, and the instants of one schedule, over all of it', () => {
    const tenths = (delays: readonly number[]): number[] => {
      const counts = Array.from({ length: 10 }, () => 0);
      for (const delay of delays) counts[Math.floor(delay / 30_000)] = (counts[Math.floor(delay / 30_000)] ?? 0) + 1;
      return counts;
    };
    const some = Array.from({ length: 1_000 }, (_, index) => index);
    for (const delays of [
      some.map((index) => jitterOf(`host-${index}`, DUE, 300)),
      some.map((index) => jitterOf('nightly', DUE + index * 86_400, 300)),
    ])
      for (const count of tenths(delays)) assert.ok(count > 50 && count < 200, String(tenths(delays)));
  });
});
