/**
 * Imports one item of Alertmanager's `time_intervals` and keeps its rules (those of release 0.35): UTC unless it names a location, times
 * never run over midnight, months never over their end; weekdays may. Throws CalendarError `bad-window`.
 */
import { Problems, isRecord, listOf, shown } from './problems.ts';
import { readDaysOfMonth, readMonths, readWeekdays, readYears } from './read-ranges.ts';
import { readTime } from './read-window.ts';
import type { Window, WindowRule } from './window.ts';

export interface AlertmanagerWindow {
  readonly window: Window;
  /** Null: none was named, which Alertmanager takes for UTC. */
  readonly zone: string | null;
}

const FIELDS = ['times', 'weekdays', 'days_of_month', 'months', 'years', 'location'];

/** Takes one interval, or a named entry whose `time_intervals` are a union. */
export function readAlertmanagerInterval(definition: unknown): AlertmanagerWindow {
  const problems = new Problems();
  const items =
    isRecord(definition) && 'time_intervals' in definition ? listOf(definition['time_intervals']) : listOf(definition);
  const zones = new Set<string | null>();
  const rules = items.flatMap((item, index) => {
    const place = items.length > 1 ? `/${index}` : '';
    if (!isRecord(item)) {
      problems.add(place, `${shown(item)} is no time interval; expected an object`);
      return [];
    }
    const { location } = item;
    if (location !== undefined && location !== null && typeof location !== 'string')
      problems.add(`${place}/location`, `${shown(location)} is no zone`);
    zones.add(typeof location === 'string' ? location : null);
    return readItem(item, place, problems);
  });
  if (zones.size > 1) problems.add('', 'the intervals name different locations; expected one window for each');
  problems.done('bad-window');
  return { window: { rules }, zone: [...zones][0] ?? null };
}

function readItem(item: Readonly<Record<string, unknown>>, place: string, problems: Problems): WindowRule[] {
  for (const key of Object.keys(item))
    if (!FIELDS.includes(key)) problems.add(`${place}/${key}`, `unknown; expected one of ${FIELDS.join(', ')}`);
  const { times, weekdays, days_of_month: daysOfMonth, months, years } = item;
  const given = (value: unknown): boolean => value !== undefined && value !== null;
  if (given(daysOfMonth)) refuseNeverForwards(daysOfMonth, `${place}/days_of_month`, problems);
  const days = {
    ...(given(weekdays) ? { weekdays: readWeekdays(weekdays, `${place}/weekdays`, problems) } : {}),
    ...(given(daysOfMonth) ? { daysOfMonth: readDaysOfMonth(daysOfMonth, `${place}/days_of_month`, problems) } : {}),
    ...(given(months) ? { months: readMonths(months, `${place}/months`, problems) } : {}),
    ...(given(years) ? { years: readYears(years, `${place}/years`, problems) } : {}),
  };
  if (!given(times)) return [{ start: 0, end: 1_440, days }];
  return listOf(times).flatMap((entry, index) => {
    const at = `${place}/times/${index}`;
    if (!isRecord(entry)) {
      problems.add(at, `${shown(entry)} is no time range; expected start_time and end_time`);
      return [];
    }
    const start = readClock(entry['start_time'], `${at}/start_time`, problems);
    const end = readClock(entry['end_time'], `${at}/end_time`, problems);
    if (start === null || end === null) return [];
    if (start < end) return [{ start, end, days }];
    problems.add(at, 'ends at or before it starts; expected two ranges, one up to 24:00 and one from 00:00');
    return [];
  });
}

/** With two digits for the hour, and without seconds. */
function readClock(value: unknown, place: string, problems: Problems): number | null {
  if (typeof value === 'string' && /^\d\d:\d\d$/.test(value)) return readTime(value, place, problems);
  return problems.add(place, `${shown(value)} is no time of Alertmanager's; expected one like 09:00`);
}

/**
 * As Alertmanager does: what ends, counted from the end, before it begins already in a month of 28 days. What begins so and ends otherwise
 * is refused where it ends earlier in any month; Alertmanager's text refuses all of it, its intervals do not.
 */
function refuseNeverForwards(value: unknown, place: string, problems: Problems): void {
  listOf(value).forEach((entry, index) => {
    const [from, to] = typeof entry === 'string' ? entry.split(':').map(Number) : [];
    if (from === undefined || to === undefined) return;
    const endsTooEarly = from > 0 && to < 0 && from > SHORTEST_MONTH + to;
    const beginsTooLate = from < 0 && to > 0 && SHORTEST_MONTH + 1 + from > to;
    if (endsTooEarly || beginsTooLate) problems.add(`${place}/${index}`, `the range ${from}:${to} runs backwards`);
  });
}

const SHORTEST_MONTH = 28;
