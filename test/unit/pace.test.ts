import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPace } from '../../triggers/path/pace.ts';
import { at } from '../support/events.ts';

describe('the pace of a backlog', () => {
  it('lets a few through at once, then one in each interval, each in its turn', () => {
    let now = 1_000_000;
    const pace = createPace(60, () => now);
    const waits = Array.from({ length: 13 }, (_, index) => pace.waitMs(at(index + 1)));
    assert.deepEqual(waits.slice(0, 10), Array(10).fill(0));
    assert.deepEqual(waits.slice(10), [1_000, 2_000, 3_000]);
    assert.equal(pace.waitMs(at(12)), 2_000, 'its turn is kept');
    now += 2_000;
    assert.equal(pace.waitMs(at(12)), 0);
    assert.equal(pace.waitMs(at(13)), 1_000);
  });

  it('an hour of ten thousand events starts no more than the pace allows, and loses none', () => {
    let now = 0;
    const pace = createPace(60, () => now);
    const waiting = new Map(Array.from({ length: 10_000 }, (_, index) => [index + 1, 0]));
    let begun = 0;
    for (; now < 3_600_000; now += 1_000)
      for (const [sequence, due] of waiting) {
        if (due > now) continue;
        const waitMs = pace.waitMs(at(sequence));
        if (waitMs === 0) {
          begun += 1;
          waiting.delete(sequence);
        } else waiting.set(sequence, now + waitMs);
      }
    assert.ok(begun <= 3_610, `${begun}`);
    assert.ok(begun >= 2_500, `${begun}`);
    assert.equal(begun + waiting.size, 10_000);
  });

  it('events that never come for their turn leave room for those of the next backlog', () => {
    let now = 1_000_000;
    const pace = createPace(60, () => now);
    for (let sequence = 1; sequence <= 5_000; sequence += 1) pace.waitMs(at(sequence));
    now += 2 * 3_600_000;
    const waits = Array.from({ length: 12 }, (_, index) => pace.waitMs(at(10_000 + index)));
    assert.deepEqual(waits.slice(10), [1_000, 2_000], 'each has a turn of its own again');
  });
});
