/** Whom a rollout is for, and who of them it may not act upon (R8). Pure. */
import { type Rollout, targetKey } from '../workflows/kit/rollout-plan.ts';
import type { Selector } from './inventory/selector.ts';
import type { Target } from './inventory/target.ts';
import { type TargetRule, brokenRule, describeRule } from './target-rule.ts';

/** Both selectors have to hold. `select` may throw `InventoryUnusable`. */
export function rolloutTargets(
  { targets }: Pick<Rollout, 'targets'>,
  narrow: Selector,
  select: (selector: Selector) => readonly Target[],
): readonly Target[] {
  const narrowed = new Set(select(narrow));
  return select(targets).filter((target) => narrowed.has(target));
}

export interface RolloutNames {
  /** Runbook of the rollout, and that of its waves. */
  readonly runbooks: readonly string[];
  /** Whoever may start it. */
  readonly triggers: readonly string[];
}

/** In a message for people. */
const MAX_NAMED = 10;

/** One line for each rule that is broken, with the targets; none: it may act upon all of them. */
export function forbiddenTargets(
  targets: readonly Target[],
  rules: readonly TargetRule[],
  { runbooks, triggers }: RolloutNames,
): readonly string[] {
  const runs = runbooks.flatMap((runbook) => triggers.map((trigger) => ({ runbook, trigger })));
  const broken = new Map<TargetRule, string[]>();
  for (const target of targets) {
    const rulesBroken = runs.flatMap((run) => brokenRule(rules, run, target) ?? []);
    for (const rule of new Set(rulesBroken)) broken.set(rule, [...(broken.get(rule) ?? []), keyOf(target)]);
  }
  return [...broken].map(([rule, keys]) => `${named(keys)} outside of ${describeRule(rule)}`);
}

const keyOf = ({ region, id }: Target): string => targetKey({ region, name: id });

function named(keys: readonly string[]): string {
  const more = keys.length - MAX_NAMED;
  const names = keys.slice(0, MAX_NAMED).join(', ');
  return `${names}${more > 0 ? ` and ${more} more` : ''} ${keys.length === 1 ? 'is' : 'are'}`;
}
