/**
 * The local readings of a schedule that had their event lately. They name the events, so that they tell which instants would only repeat
 * one when other zone data or another zone puts the same reading elsewhere. Written as calendars on the wall clock, which stay few.
 */
import { DAY } from '../../activities/calendar/civil.ts';
import { type UtcCalendar, compileCalendars, expandCalendars } from '../../activities/calendar/compile-calendars.ts';
import type { Firing } from '../../activities/calendar/fire-times.ts';
import { type FiredReadings, NONE_FIRED, type ScheduleNames, type ScheduleSpec, nominalOf } from './schedule-names.ts';

type Reading = Pick<Firing, 'nominal' | 'pass'>;

interface FiringSchedule {
  readonly names: ScheduleNames;
  readonly spec: ScheduleSpec;
  /** The last instant that was acted on, seconds since 1970; null: none yet. */
  readonly lastFired: number | null;
}

/** No two zones and no change of one are further apart, so that an older reading cannot be due again. */
const KEPT = 3 * DAY;

/** By the names under which they fired. */
export function firedReadings({ names, spec, lastFired }: FiringSchedule): FiredReadings {
  const before = names.firedReadings ?? NONE_FIRED;
  const end = lastFired ?? names.from;
  const fired = expandCalendars(spec.calendars)
    .filter((instant) => instant <= end && instant > end - KEPT)
    .map((instant) => nominalOf(names, instant));
  const ofPass = (pass: 1 | 2): UtcCalendar[] => {
    const since = fired.filter((reading) => reading.pass === pass).map(({ nominal }) => nominal);
    const all = new Set([...expandCalendars(before[pass - 1] ?? []), ...since]);
    return compileCalendars([...all].filter((nominal) => nominal > end - KEPT));
  };
  return [ofPass(1), ofPass(2)];
}

/** Whether a reading is among them. */
export function isFired(readings: FiredReadings): (reading: Reading) => boolean {
  const [first, second] = readings.map((calendars) => new Set(expandCalendars(calendars)));
  return ({ nominal, pass }) => (pass === 1 ? first : second)?.has(nominal) === true;
}
