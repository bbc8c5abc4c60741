/**
 * Part of `time`: the shipped rollout over a fleet in twelve regions, on a weekend when clocks change, in virtual time on a real Temporal
 * that skips what is waited for: what a test of days costs its author.
 */
import assert from 'node:assert/strict';
import { at } from '../../workers/testing/index.ts';
import { inItsNight, openFleetKit, world } from '../support/fleet.ts';
import { type Row, row } from './statistics.ts';

/** Virtual time only goes forward: each round has a year of its own, and begins in the night to the Saturday before clocks change in Berlin. */
const BEGINS = [
  '2027-03-26T23:00+01:00[Europe/Berlin]',
  '2028-03-24T23:00+01:00[Europe/Berlin]',
  '2029-03-23T23:00+01:00[Europe/Berlin]',
];
const TARGETS = 24;

export async function fleetWeekend(report: (line: string) => void): Promise<Row[]> {
  const kit = await openFleetKit();
  try {
    const took: number[] = [];
    for (const weekend of BEGINS) {
      const { activities, of } = world();
      const begun = performance.now();
      const run = await kit.run('patchFleet', {
        input: { fleet: 'world' },
        timeout: '21 days',
        at: at(weekend),
        activities,
      });
      took.push(performance.now() - begun);
      assert.equal(run.failure, null);
      const patches = of('patch');
      assert.equal(patches.length, TARGETS);
      assert.ok(patches.every(inItsNight));
      const days = ((patches.at(-1)?.at ?? 0) - (patches[0]?.at ?? 0)) / 86_400_000;
      report(`${TARGETS} targets in twelve regions, ${days.toFixed(1)} days from the first to the last`);
    }
    return [row('fleet_weekend_ms', 'ms', took)];
  } finally {
    await kit.close();
  }
}
