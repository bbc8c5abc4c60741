/**
 * A zone as a list of periods, each with one offset from UTC. Everything else about local time follows from intersecting with them: no
 * branch for daylight saving anywhere.
 */
import { CalendarError } from './calendar-error.ts';
import { DAY, civilFromDays, daysFromCivil, floorDiv } from './civil.ts';
import { type Transition, parsePosixRule } from './posix-rule.ts';
import type { ZoneRecord } from './tzif.ts';

export interface Period {
  /** First second, UTC; -Infinity for the first period. */
  readonly from: number;
  /** First second of the next one; Infinity for the last. */
  readonly to: number;
  /** Seconds east of UTC. */
  readonly offset: number;
}

export interface Zone {
  /** As it was written by whoever named it. */
  readonly id: string;
  /** Release of the zone data, such as `2026f`. */
  readonly tzdb: string;
  /** Until when the data is to be trusted, seconds since 1970. */
  readonly knownUntil: number;
  periodAt(instant: number): Period;
  /** The periods that have an instant in [from, to), in order. */
  periods(from: number, to: number): Period[];
}

export interface LocalReading {
  /** The instants at which the wall shows this reading: none in a gap, two in an overlap. */
  readonly instants: readonly number[];
  /** Set in a gap: the transition that skips the reading, and the instant the reading is shifted to. */
  readonly gap?: { readonly at: number; readonly shifted: number; readonly from: number; readonly to: number };
}

/** A rule is written out up to here, the last year that a schedule can name, and trusted no further. */
const LAST_RULE_YEAR = 2199;
/** More than any offset of any zone. */
const MAX_OFFSET = 2 * DAY;

export function createZone(id: string, tzdb: string, record: ZoneRecord): Zone {
  const { starts, offsets, knownUntil } = periodsOf(record);
  const indexAt = (instant: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? Infinity) <= instant) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const period = (index: number): Period => ({
    from: starts[index] ?? Infinity,
    to: starts[index + 1] ?? Infinity,
    offset: offsets[index] ?? 0,
  });
  return {
    id,
    tzdb,
    knownUntil,
    periodAt: (instant) => period(indexAt(instant)),
    periods: (from, to) => {
      const found: Period[] = [];
      for (let index = indexAt(from); index < starts.length && (starts[index] ?? Infinity) < to; index += 1)
        found.push(period(index));
      return found;
    },
  };
}

/** What a local reading stands for in this zone. */
export function readLocal(zone: Zone, reading: number): LocalReading {
  const instants: number[] = [];
  let previous: Period | null = null;
  let gap: LocalReading['gap'];
  for (const period of zone.periods(reading - MAX_OFFSET, reading + MAX_OFFSET)) {
    const instant = reading - period.offset;
    if (instant >= period.from && instant < period.to) instants.push(instant);
    if (previous !== null && reading >= period.from + previous.offset && reading < period.from + period.offset)
      gap = {
        at: period.from,
        shifted: reading - previous.offset,
        from: period.from + previous.offset,
        to: period.from + period.offset,
      };
    previous = period;
  }
  return gap === undefined || instants.length > 0 ? { instants } : { instants, gap };
}

interface Periods {
  readonly starts: number[];
  readonly offsets: number[];
  readonly knownUntil: number;
}

/** For who asks about a time that the data does not reach. */
export const zoneDataEnds = ({ id, tzdb, knownUntil }: Zone): CalendarError =>
  new CalendarError(
    'zone-data-ends',
    `tzdb ${tzdb} says nothing of ${id} from ${civilFromDays(floorDiv(knownUntil, DAY)).year} on`,
  );

/** Transitions that change no offset (only a name) are left out, so that periods are as long as they can be. */
function periodsOf(record: ZoneRecord): Periods {
  const { knownUntil } = record;
  const starts = [-Infinity];
  const offsets = [record.first];
  const add = ({ at, offset }: Transition): void => {
    if (offsets.at(-1) === offset) return;
    starts.push(at);
    offsets.push(offset);
  };
  record.transitions.forEach(add);
  if (record.rule === '') return { starts, offsets, knownUntil };
  const rule = parsePosixRule(record.rule);
  const last = record.transitions.at(-1)?.at ?? -Infinity;
  const firstYear = last === -Infinity ? 1970 : civilFromDays(floorDiv(last, DAY)).year;
  if (last === -Infinity) offsets[0] = rule.standard;
  const later: Transition[] = [];
  for (let year = firstYear; year <= LAST_RULE_YEAR; year += 1) later.push(...rule.transitions(year));
  // Daylight saving all the year ends and begins in the same instant.
  later
    .filter(({ at }, index) => at > last && at !== later[index + 1]?.at)
    .toSorted((one, other) => one.at - other.at)
    .forEach(add);
  const ends = later.length === 0 ? Infinity : daysFromCivil(LAST_RULE_YEAR + 1, 1, 1) * DAY;
  return { starts, offsets, knownUntil: Math.min(knownUntil, ends) };
}
