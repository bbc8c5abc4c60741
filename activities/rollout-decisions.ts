/** Which targets a rollout is for and in which waves they go, asked in a local activity and recorded by the run (R7). Looks only. */
import { planWaves, type Opening, type Rollout, type RolloutTarget, type Wave } from '../workflows/kit/rollout-plan.ts';
import type { PlannedRollout, RolloutRequest } from '../workflows/kit/rollout-message.ts';
import type { Selector } from './inventory/selector.ts';
import type { Target } from './inventory/target.ts';
import { permanent } from './permanent.ts';
import type { Windows } from './windows/windows.ts';

export interface RolloutDependencies {
  /** Throws `InventoryUnusable` while the set would be incomplete. */
  readonly select: (selector: Selector) => readonly Target[];
  readonly windows: Windows;
  /** IANA name; null: it has none. */
  readonly zoneOf: (region: string) => string | null;
}

/** Without dependencies every rollout is refused. */
export const createRolloutDecisions = (dependencies?: RolloutDependencies) => ({
  /** Rejects with `BadRollout` (final), or with `InventoryUnusable` (retried). */
  planRollout: async ({ rollout, narrow, at }: RolloutRequest): Promise<PlannedRollout> => {
    if (dependencies === undefined) throw permanent('BadRollout', 'this worker knows no inventory');
    return { waves: wavesOf(rollout, narrow, at, dependencies) };
  },
});

/** Both selectors have to hold. Throws as `planRollout` does. */
export function wavesOf(
  rollout: Rollout,
  narrow: Selector,
  at: number,
  dependencies: RolloutDependencies,
): readonly Wave[] {
  const { select, windows, zoneOf } = dependencies;
  const narrowed = new Set(select(narrow));
  const targets = select(rollout.targets).filter((target) => narrowed.has(target));
  const openings = new Map<string, Opening | null>();
  const openingOf = (region: string): Opening | null => {
    const known = openings.get(region);
    if (known !== undefined) return known;
    const opening = nextOpening(windows, rollout, region, at);
    openings.set(region, opening);
    return opening;
  };
  try {
    return planWaves(
      targets.map(({ id, region }): RolloutTarget => ({
        name: id,
        region,
        zone: zoneOf(region),
        opening: openingOf(region),
      })),
      rollout,
    );
  } catch (error) {
    if (error instanceof RangeError) throw permanent('BadRollout', error.message);
    throw error;
  }
}

function nextOpening(windows: Windows, { window, needMs }: Rollout, region: string, at: number): Opening | null {
  const { open, opensAt, closesAt } = windows.at(window, region, at, needMs);
  if (open) return { opensAt: at, closesAt };
  return opensAt === null ? null : { opensAt, closesAt };
}
