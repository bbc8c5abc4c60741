/**
 * Stretches of time as they lie on a wall calendar: cut at local midnights and where clocks change, each piece with its reading. On a day
 * when an hour occurs twice, the pieces within that hour say in which pass.
 */
import { DAY, floorDiv } from '../../activities/calendar/civil.ts';
import type { Span } from '../../activities/calendar/spans.ts';
import type { Zone } from '../../activities/calendar/zone.ts';
import type { ClockChange } from './window-preview.ts';

export interface WallPiece<S extends Span> {
  /** Days since 1970. */
  readonly day: number;
  /** Seconds since midnight on the wall. */
  readonly begin: number;
  readonly end: number;
  /** Null: this reading occurs once. */
  readonly pass: 1 | 2 | null;
  readonly span: S;
}

export function wallPieces<S extends Span>(
  spans: readonly S[],
  zone: Zone,
  within: Span,
  changes: readonly ClockChange[],
): WallPiece<S>[] {
  return spans.flatMap((span) => {
    const [from, to] = [Math.max(span.from, within.from), Math.min(span.to, within.to)];
    return zone.periods(from, to).flatMap((period) => {
      const [begin, end] = [Math.max(from, period.from) + period.offset, Math.min(to, period.to) + period.offset];
      const cuts = changes.filter(isBack).flatMap(({ at, before, after }) => [at + after, at + before]);
      return cutAt(begin, end, cuts).map(([a, b]) => {
        const day = floorDiv(a, DAY);
        return { day, begin: a - day * DAY, end: b - day * DAY, pass: passOf(a, a - period.offset, changes), span };
      });
    });
  });
}

/** Readings that do not exist, on their day. */
export const missing = (changes: readonly ClockChange[]): { day: number; begin: number; end: number }[] =>
  changes
    .filter((change) => !isBack(change))
    .flatMap(({ at, before, after }) =>
      cutAt(at + before, at + after, []).map(([a, b]) => {
        const day = floorDiv(a, DAY);
        return { day, begin: a - day * DAY, end: b - day * DAY };
      }),
    );

const isBack = ({ before, after }: ClockChange): boolean => after < before;

function passOf(reading: number, instant: number, changes: readonly ClockChange[]): 1 | 2 | null {
  const change = changes.find(
    (each) => isBack(each) && each.at + each.after <= reading && reading < each.at + each.before,
  );
  if (change === undefined) return null;
  return instant < change.at ? 1 : 2;
}

/** At these readings, and at each midnight between. */
function cutAt(begin: number, end: number, cuts: readonly number[]): (readonly [number, number])[] {
  const points = [begin, end, ...cuts.filter((cut) => cut > begin && cut < end)];
  for (let midnight = (floorDiv(begin, DAY) + 1) * DAY; midnight < end; midnight += DAY) points.push(midnight);
  points.sort((one, other) => one - other);
  return points
    .slice(1)
    .map((point, index) => [points[index] ?? begin, point] as const)
    .filter(([a, b]) => a < b);
}
