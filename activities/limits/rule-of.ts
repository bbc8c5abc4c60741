/** The figures of a limit for one scope: shares become counts by the inventory of now, always rounded down. */
import type { LimitRule } from '../../workflows/engine/limits/rule.ts';
import { permanent } from '../permanent.ts';
import type { CountTargets, Percent } from './definition.ts';
import type { Scoped } from './scope.ts';

/** Throws `LimitAllowsNothing` (final) when no step may act at all. An empty set of targets means none, not all. */
export function ruleOf({ definition, scope, labels }: Scoped, count: CountTargets): LimitRule {
  const { name, failures, coolDownMs, whenFull, queueMax, waitMs, slots, min, stopWhenSick } = definition;
  const counted = typeof slots === 'string' || stopWhenSick !== null;
  const size = counted && labels !== null ? count({ ...labels, ...definition.of }) : 0;
  const allowed = typeof slots === 'number' ? slots : share(slots, size, min);
  if (counted && size === 0)
    throw permanent(
      'LimitAllowsNothing',
      `limit ${name} (${scope}): the inventory has no target there, so none may be treated`,
    );
  if (allowed < 1)
    throw permanent(
      'LimitAllowsNothing',
      `limit ${name} (${scope}): ${slots} of ${size} targets is less than one; give a count, or \`min: 1\``,
    );
  return {
    name,
    scope,
    slots: allowed,
    failures,
    coolDownMs,
    whenFull,
    queueMax,
    waitMs,
    sick:
      stopWhenSick === null
        ? null
        : { max: share(stopWhenSick.share, size, 0), withinMs: stopWhenSick.withinMs, of: size },
  };
}

const share = (percent: Percent, size: number, min: number): number =>
  size === 0 ? 0 : Math.max(min, Math.floor((size * Number.parseInt(percent, 10)) / 100));
