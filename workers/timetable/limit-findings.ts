/** Limits that the steps of a rollout take: they hold its targets up, which no timetable can foresee. */
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';
import type { Finding } from './findings.ts';

export interface LimitsQuestion {
  /** Name of the runbook that rolls out. */
  readonly runbook: string;
  readonly rollout: Pick<Rollout, 'runbook' | 'parallel'>;
  /** Of the configuration. */
  readonly limits: readonly LimitDefinition[];
  /** Names of the limits that the steps of each runbook take. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
}

/** Those that are not there, that let fewer act than the timetable tells, or that another runbook takes as well. */
export function limitFindings(asked: LimitsQuestion): readonly Finding[] {
  const { rollout, limits, taken } = asked;
  return (taken.get(rollout.runbook) ?? []).flatMap((name): Finding[] => {
    const limit = limits.find((each) => each.name === name);
    if (limit === undefined)
      return [
        {
          kind: 'limit',
          problem: true,
          text: `limit ${name} of runbook ${rollout.runbook} is not configured: the step that takes it would fail`,
        },
      ];
    const reasons = [...holdsBack(limit, rollout), ...sharedWith(name, asked)];
    return reasons.length === 0
      ? []
      : [{ kind: 'limit', problem: false, text: `limit ${described(limit)}: ${reasons.join('; ')}` }];
  });
}

/** Only what counts more than one target together can. */
function holdsBack({ scope, slots }: LimitDefinition, { parallel }: LimitsQuestion['rollout']): string[] {
  const together = scope === 'fleet' || scope === 'region';
  return together && typeof slots === 'number' && slots < parallel
    ? [`${parallel} targets at once are told, and fewer may act`]
    : [];
}

function sharedWith(name: string, { runbook, rollout, taken }: LimitsQuestion): string[] {
  const others = [...taken].flatMap(([other, names]) =>
    other !== rollout.runbook && other !== runbook && names.includes(name) ? [other] : [],
  );
  return others.length === 0 ? [] : [`taken by ${others.join(', ')} as well, so that each may wait for the other`];
}

const described = ({ name, slots, scope }: LimitDefinition): string =>
  `${name} (${slots} at once ${scope === 'fleet' ? 'in the whole fleet' : `per ${scope.replace('label:', 'label ')}`})`;
