/**
 * The instants at which a schedule fires. The nominal local time is part of each, because it names the event: an instant that moves when
 * zone data changes keeps its name, and so cannot fire twice.
 */
import { CalendarError } from './calendar-error.ts';
import { DAY, civilFromDays, daysFromCivil, daysInMonth, floorDiv } from './civil.ts';
import type { Cron } from './cron.ts';
import type { Every } from './every.ts';
import { type Zone, readLocal, zoneDataEnds } from './zone.ts';

export interface FirePolicy {
  /** A local time that the clock skips: `shift` by the length of the gap, fire at the first instant after it, or `skip` that day. */
  readonly onGap: 'shift' | 'first_after_gap' | 'skip';
  /** A local time that occurs twice. */
  readonly onOverlap: 'first' | 'both';
  /** A day that the month does not have: not that month, or on its last day. */
  readonly onMissingDate: 'skip' | 'last_day';
}

export const DEFAULT_POLICY: FirePolicy = { onGap: 'shift', onOverlap: 'first', onMissingDate: 'skip' };

export interface Firing {
  /** Seconds since 1970, UTC. */
  readonly at: number;
  /** The local reading that was meant, seconds since 1970 on the wall; `at` itself for elapsed time. */
  readonly nominal: number;
  /** 2 for the second pass of an overlap. */
  readonly pass: 1 | 2;
}

/** How long without an instant means that there is none: 29 February comes eight years late around 2100. */
const HORIZON_DAYS = 9 * 366;
/** Instants are written with years of four digits, in UTC. */
const LAST_DAY = daysFromCivil(9999, 12, 30);
/** Bound on one question. */
export const MAX_COUNT = 10_000;
/** Every five minutes for 400 days; what comes oftener is for a gate or a probe, not for a calendar. */
export const MAX_COMPILED = 120_000;

/**
 * The next `count` instants after `after`; fewer when none follows within nine years (or in the years it names), or the zone data ends.
 * Throws CalendarError `zone-data-ends` when it ends before any.
 */
export function fireTimes(
  schedule: Cron | Every,
  zone: Zone,
  policy: FirePolicy,
  after: number,
  count: number,
): Firing[] {
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
    throw new CalendarError('bad-count', `count is ${count}; expected 1 to ${MAX_COUNT}`);
  const found: Firing[] = [];
  for (const day of firings(schedule, zone, policy, after)) {
    found.push(...day.slice(0, count - found.length));
    if (found.length === count) return found;
  }
  const toTheEnd = 'everySeconds' in schedule || horizonAfter(dayOf(after, zone), schedule) * DAY <= zone.knownUntil;
  if (found.length === 0 && !toTheEnd) throw zoneDataEnds(zone);
  return found;
}

/** All of them after `after` and up to `until`. Throws CalendarError `too-often` beyond MAX_COMPILED. */
export function firingsUntil(
  schedule: Cron | Every,
  zone: Zone,
  policy: FirePolicy,
  after: number,
  until: number,
): Firing[] {
  const found: Firing[] = [];
  for (const day of firings(schedule, zone, policy, after)) {
    for (const firing of day) {
      if (firing.at > until) return found;
      found.push(firing);
    }
    if (found.length > MAX_COMPILED)
      throw new CalendarError(
        'too-often',
        `it fires more than ${MAX_COMPILED} times; expected every five minutes at most`,
      );
  }
  return found;
}

/** In order, about a day's at once. */
function* firings(
  schedule: Cron | Every,
  zone: Zone,
  policy: FirePolicy,
  after: number,
): Generator<readonly Firing[], void> {
  if ('everySeconds' in schedule) return yield* elapsed(schedule, after);
  let waiting: Firing[] = [];
  let last = -Infinity;
  const first = dayOf(after, zone) - 2;
  let horizon = horizonAfter(first, schedule);
  for (let day = first; day <= horizon && day * DAY <= zone.knownUntil; day += 1) {
    if (firesOn(schedule, day, policy)) waiting.push(...firingsOf(schedule, zone, policy, day, after));
    if (waiting.length === 0) continue;
    // Where the clock is set back at midnight, a reading of the next day may come before one of this day.
    const settledBefore = earliest(zone, day + 1);
    const ordered = inOrder(waiting);
    const settled = ordered.filter(({ at }) => at < settledBefore && at !== last);
    waiting = ordered.filter(({ at }) => at >= settledBefore);
    if (settled.length === 0) continue;
    last = settled.at(-1)?.at ?? last;
    horizon = horizonAfter(day, schedule);
    yield settled;
  }
}

const dayOf = (instant: number, zone: Zone): number => floorDiv(instant + zone.periodAt(instant).offset, DAY);

/** The last local date to look at when nothing fires after `day`; one more than those of its last year, see `settled`. */
const horizonAfter = (day: number, { lastYear }: Cron): number =>
  lastYear === null ? Math.min(day + HORIZON_DAYS, LAST_DAY) : daysFromCivil(lastYear + 1, 1, 1);

/** No reading of this local date or a later one occurs before. */
const earliest = (zone: Zone, day: number): number =>
  Math.min(...zone.periods((day - 3) * DAY, (day + 3) * DAY).map(({ offset }) => day * DAY - offset));

function* elapsed({ everySeconds, from }: Every, after: number): Generator<readonly Firing[], void> {
  const begin = from === null ? after : from + floorDiv(after - from, everySeconds) * everySeconds;
  for (let at = begin + everySeconds; at < LAST_DAY * DAY; at += everySeconds) yield [{ at, nominal: at, pass: 1 }];
}

function firesOn(cron: Cron, day: number, { onMissingDate }: FirePolicy): boolean {
  if (cron.matchesDay(day)) return true;
  if (onMissingDate === 'skip' || cron.daysOfMonth === null || !cron.byDayOfMonth) return false;
  const { year, month, day: date } = civilFromDays(day);
  return (
    date === daysInMonth(year, month) &&
    cron.matchesMonth(year, month) &&
    cron.daysOfMonth.some((wanted) => wanted > date)
  );
}

function firingsOf(cron: Cron, zone: Zone, policy: FirePolicy, day: number, after: number): Firing[] {
  const midnight = day * DAY;
  const { from, to, offset } = zone.periodAt(midnight);
  const found: Firing[] = [];
  // Most days are far from any change of the clock.
  const plain = from < midnight - 3 * DAY && to > midnight + 3 * DAY;
  for (const time of cron.times) {
    const nominal = midnight + time;
    if (!plain)
      found.push(...firingsAt(nominal, zone, cron.wildcard ? LITERAL : policy).filter(({ at }) => at > after));
    else if (nominal - offset > after) found.push({ at: nominal - offset, nominal, pass: 1 });
  }
  return found;
}

/** What follows real time fires whenever the wall shows the reading. */
const LITERAL = { onGap: 'skip', onOverlap: 'both' } as const;

function firingsAt(nominal: number, zone: Zone, { onGap, onOverlap }: Omit<FirePolicy, 'onMissingDate'>): Firing[] {
  const { instants, gap } = readLocal(zone, nominal);
  if (gap !== undefined) {
    // A date that does not exist at all has no run.
    const date = floorDiv(nominal, DAY) * DAY;
    if (onGap === 'skip' || (gap.from <= date && gap.to >= date + DAY)) return [];
    return [{ at: onGap === 'shift' ? gap.shifted : gap.at, nominal, pass: 1 }];
  }
  return instants
    .slice(0, onOverlap === 'both' ? 2 : 1)
    .map((at, index) => ({ at, nominal, pass: index === 0 ? 1 : 2 }));
}

/** Days near a transition may interleave; of two that fall on one instant the one that is not shifted stays. */
function inOrder(firings: Firing[]): Firing[] {
  if (firings.every(({ at }, index) => index === 0 || at > (firings[index - 1]?.at ?? at))) return firings;
  const sorted = firings.toSorted((one, other) => one.at - other.at || other.nominal - one.nominal);
  return sorted.filter(({ at }, index) => index === 0 || at !== sorted[index - 1]?.at);
}
