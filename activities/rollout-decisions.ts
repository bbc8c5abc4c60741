/** Which targets a rollout is for and in which waves they go, asked in a local activity and recorded by the run (R7). Looks only. */
import { Context } from '@temporalio/activity';
import { planWaves, type Opening, type Rollout, type RolloutTarget, type Wave } from '../workflows/kit/rollout-plan.ts';
import type { PlannedRollout, RolloutRequest } from '../workflows/kit/rollout-message.ts';
import type { Selector } from './inventory/selector.ts';
import type { Target } from './inventory/target.ts';
import { permanent } from './permanent.ts';
import { forbiddenTargets, rolloutTargets } from './rollout-targets.ts';
import { type TargetRule, triggerOf } from './target-rule.ts';
import type { Windows } from './windows/windows.ts';

export interface RolloutDependencies {
  /** Throws `InventoryUnusable` while the set would be incomplete. */
  readonly select: (selector: Selector) => readonly Target[];
  readonly windows: Windows;
  /** IANA name; null: it has none. */
  readonly zoneOf: (region: string) => string | null;
  /** Every rule that is meant must hold for every target. */
  readonly rules: readonly TargetRule[];
}

/** Without dependencies every rollout is refused. */
export const createRolloutDecisions = (dependencies?: RolloutDependencies) => ({
  /** Rejects with `BadRollout` or `TargetNotAllowed` (both final), or with `InventoryUnusable` (retried). */
  planRollout: async ({ rollout, narrow, at }: RolloutRequest): Promise<PlannedRollout> => {
    if (dependencies === undefined) throw permanent('BadRollout', 'this worker knows no inventory');
    const { workflowType = '', workflowExecution } = Context.current().info;
    const targets = rolloutTargets(rollout, narrow, dependencies.select);
    const forbidden = forbiddenTargets(targets, dependencies.rules, {
      runbooks: [workflowType, rollout.runbook],
      triggers: [triggerOf(workflowExecution?.workflowId ?? '')],
    });
    if (forbidden.length > 0) throw permanent('TargetNotAllowed', `nothing is done, because ${forbidden.join('; ')}`);
    return { waves: wavesOf(rollout, targets, at, dependencies) };
  },
});

/** Throws `BadRollout` (final). */
export function wavesOf(
  rollout: Rollout,
  targets: readonly Target[],
  at: number,
  { windows, zoneOf }: Pick<RolloutDependencies, 'windows' | 'zoneOf'>,
): readonly Wave[] {
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
