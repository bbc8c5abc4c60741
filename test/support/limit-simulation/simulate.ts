/**
 * One scope of a limit and the runs around it in virtual time: messages are lost, copied and overtaken, runs are terminated and reset,
 * attempts outlive their runs, workers stand still, clocks leap. What happens comes from the seed alone.
 */
import assert from 'node:assert/strict';
import { LimitSide } from './limit-side.ts';
import { RunSide } from './run-side.ts';
import { S, type SimulationOptions, World } from './world.ts';

const HORIZON_MS = 3_600 * S;
/** More than every bound of a rule. */
const LEAP_MS = 3_600 * S;

/** Throws as soon as something does not hold. */
export function simulate(seed: number, options: SimulationOptions = {}): World['figures'] {
  const world = new World(seed, options);
  const { agenda, dice } = world;
  const runs = new Map<string, RunSide>();
  const count = 2 + dice.below(7);
  const named = (name: string): RunSide => runs.get(name) ?? assert.fail(`no run ${name}`);
  const limit: LimitSide = new LimitSide(world, {
    granted: (lease) => world.send(() => named(lease.workflowId).onGrant(lease)),
    refused: (id) =>
      world.send(() => {
        for (const run of runs.values()) run.onRefusal(id);
      }),
    verdictOf: (workflowId, runId) => named(workflowId).verdict(runId),
    runs: count,
  });
  const acting = watchActing(world, limit);
  for (let index = 0; index < count; index += 1) {
    const run = new RunSide(`run-${index}`, world, () => limit, acting);
    runs.set(run.name, run);
    agenda.after(dice.below(60) * S, () => run.ask());
    if (dice.chance(0.4)) agenda.after(dice.below(600) * S, () => run.cut());
  }
  if (dice.chance(0.2)) agenda.after(dice.below(600) * S, () => limit.changeSlots());
  if (dice.chance(0.2))
    agenda.after(dice.below(600) * S, () => (world.leapMs += dice.chance(0.5) ? dice.below(20) * S : LEAP_MS));
  agenda.run(HORIZON_MS);
  assert.equal(acting.count(), 0, 'everything has ended');
  limit.isIdle();
  return world.figures;
}

/** What the limit is there for: never more at once than it allows. */
function watchActing(world: World, limit: LimitSide) {
  const at = new Set<string>();
  return {
    begin: (id: string): void => {
      at.add(id);
      world.trace(`begin ${id}`);
      world.figures.peak = Math.max(world.figures.peak, at.size);
      assert.ok(at.size <= limit.most, `${at.size} act at once, ${limit.most} may (seed ${world.seed})`);
    },
    end: (id: string): void => {
      at.delete(id);
      world.trace(`end ${id}`);
    },
    count: (): number => at.size,
  };
}
