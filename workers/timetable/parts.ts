/** A wave in one region: what a row of a timetable shows. */
import { type Span, union } from '../../activities/calendar/spans.ts';
import type { TimetablePlace } from './places.ts';
import type { TimedTarget, TimedWave } from './timetable.ts';

export interface WavePart {
  readonly wave: TimedWave;
  readonly place: TimetablePlace;
  readonly targets: readonly TimedTarget[];
  /** When targets are treated, in order and apart; empty: never. */
  readonly acts: readonly Span[];
}

/** In the order of the waves, and in each in that of its targets. */
export const partsOf = (waves: readonly TimedWave[], places: readonly TimetablePlace[]): readonly WavePart[] =>
  waves.flatMap((wave) => {
    const regions = [...new Set(wave.targets.map(({ region }) => region))];
    return places
      .filter(({ region }) => regions.includes(region))
      .toSorted((one, other) => regions.indexOf(one.region) - regions.indexOf(other.region))
      .map((place) => partOf(wave, place));
  });

function partOf(wave: TimedWave, place: TimetablePlace): WavePart {
  const targets = wave.targets.filter(({ region }) => region === place.region);
  const acts = union(
    targets.flatMap(({ beginsAt, endsAt }) =>
      beginsAt === null || endsAt === null ? [] : [{ from: beginsAt, to: endsAt }],
    ),
  );
  return { wave, place, targets, acts };
}

/** From the first to the last; null: never. */
export function wholeOf({ acts }: Pick<WavePart, 'acts'>): Span | null {
  const [first, last] = [acts[0], acts.at(-1)];
  return first === undefined || last === undefined ? null : { from: first.from, to: last.to };
}
