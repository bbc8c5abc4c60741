import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulate } from '../support/limit-simulation/simulate.ts';
import { LEASE_MS } from '../support/limit-simulation/world.ts';

/** `LIMIT_SCHEDULES=100000 LIMIT_SEED=7 npm test -- limits-simulation` for more, or to repeat one. */
const SCHEDULES = Number(process.env['LIMIT_SCHEDULES'] ?? 10_000);
const FIRST = Number(process.env['LIMIT_SEED'] ?? 1);
/** Between the end of a lease and the slot: an inspection and its answer, and a few that fail. */
const LOOK_MS = 90_000;

describe('limits, simulated', () => {
  it(`${SCHEDULES} schedules: never over the limit, in order, higher fences, no slot lost`, (t) => {
    const sum = { acts: 0, grants: 0, refusals: 0, pages: 0, cut: 0, peak: 0, longestLeak: 0 };
    for (let seed = FIRST; seed < FIRST + SCHEDULES; seed += 1) {
      const figures = simulate(seed);
      for (const key of ['acts', 'grants', 'refusals', 'pages', 'cut'] as const) sum[key] += figures[key];
      sum.peak = Math.max(sum.peak, figures.peak);
      sum.longestLeak = Math.max(sum.longestLeak, figures.longestLeak);
    }
    t.diagnostic(JSON.stringify(sum));
    assert.ok(sum.acts > SCHEDULES && sum.cut > SCHEDULES / 10 && sum.refusals > SCHEDULES / 10 && sum.pages > 0);
    assert.equal(sum.peak, 3, 'the limit is used up');
    assert.ok(sum.longestLeak <= LEASE_MS + LOOK_MS, `a slot was lost for ${sum.longestLeak} ms`);
  });

  it('the same seed is the same schedule', () => assert.deepEqual(simulate(FIRST), simulate(FIRST)));

  for (const plant of ['acts-on-an-old-lease', 'frees-what-was-cut-off'] as const)
    it(`a planted fault is found: ${plant}`, () =>
      assert.throws(() => {
        for (let seed = 1; seed < 5_000; seed += 1) simulate(seed, { plant });
      }, /act at once/));
});
