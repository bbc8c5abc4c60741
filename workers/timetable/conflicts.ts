/** Waves of several rollouts that want the same targets at once. */
import { utcSpan } from '../windows/preview-text.ts';
import type { Finding } from './findings.ts';
import type { Timetable } from './timetable.ts';

interface Want {
  readonly runbook: string;
  readonly wave: string;
  /** Region and id. */
  readonly target: string;
  readonly from: number;
  readonly to: number;
}

const MAX_NAMED = 3;

/** One for each two waves; the rollouts know nothing of each other, unless a limit keeps them apart. */
export function conflictsOf(timetables: readonly Timetable[]): readonly Finding[] {
  const byTarget = grouped(timetables.flatMap(wantsOf), ({ target }) => target);
  const pairs = [...byTarget.values()].flatMap((wants) =>
    wants.flatMap((one, index) => wants.slice(index + 1).flatMap((other) => collision(one, other) ?? [])),
  );
  return [...grouped(pairs, ({ waves }) => waves)].map(([waves, found]) => {
    const span = utcSpan(Math.min(...found.map(({ from }) => from)), Math.max(...found.map(({ to }) => to)));
    const names = found.slice(0, MAX_NAMED).map(({ target }) => target);
    const more = found.length - names.length;
    return {
      kind: 'conflict',
      problem: true,
      text: `${waves} want ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} at once, ${span}`,
    };
  });
}

const wantsOf = ({ runbook, waves }: Timetable): Want[] =>
  waves.flatMap(({ name: wave, targets }) =>
    targets.flatMap(({ name, region, beginsAt, endsAt }) =>
      beginsAt === null || endsAt === null
        ? []
        : [{ runbook, wave, target: `${region}/${name}`, from: beginsAt, to: endsAt }],
    ),
  );

function collision(one: Want, other: Want) {
  const [from, to] = [Math.max(one.from, other.from), Math.min(one.to, other.to)];
  if (from >= to || one.runbook === other.runbook) return null;
  const waves = `wave ${one.wave} of ${one.runbook} and wave ${other.wave} of ${other.runbook}`;
  return { waves, target: one.target, from, to };
}

/** In the order in which the keys come up. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
