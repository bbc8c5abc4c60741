/**
 * Imports one item of Alertmanager's `time_intervals` and keeps its rules (those of release 0.35): UTC unless it names a location, times
 * never run over midnight, months never over their end; weekdays may. Full names only, `:` between the ends of a range, and an empty list
 * matches nothing. Throws CalendarError `bad-window`.
 */
import type { DayFilter } from './day-filter.ts';
import { MONTHS, WEEKDAYS } from './names.ts';
import { Problems, isRecord, listOf, shown, textOf } from './problems.ts';
import { type Fields, readFields } from './read-fields.ts';
import { readDaysOfMonth, readMonths, readWeekdays, readYears } from './read-ranges.ts';
import { readTime } from './read-window.ts';
import type { Window, WindowRule } from './window.ts';

export interface AlertmanagerWindow {
  readonly window: Window;
  /** Null: none was named, which Alertmanager takes for UTC. */
  readonly zone: string | null;
}

const NUMBER = '-?\\d+';
const range = (end: string): RegExp => new RegExp(`^(?:${end})(?::(?:${end}))?$`, 'i');
/** The text of each entry; whole numbers stand for their text. */
const ENTRIES = {
  weekdays: { form: range(WEEKDAYS.join('|')), expected: 'monday or monday:friday' },
  days_of_month: { form: range(NUMBER), expected: '1, -1 or 1:7' },
  months: { form: range(`${MONTHS.join('|')}|${NUMBER}`), expected: 'january, 1 or january:march' },
  years: { form: range(NUMBER), expected: '2026 or 2026:2027' },
};
const FIELDS = ['times', 'weekdays', 'days_of_month', 'months', 'years', 'location'];
const NAMED = { names: ['name', 'time_intervals'] };
const TIME_RANGE = { names: ['start_time', 'end_time'] };

/** Takes one interval, or a named entry whose `time_intervals` are a union. */
export function readAlertmanagerInterval(definition: unknown): AlertmanagerWindow {
  const problems = new Problems();
  const isNamed = isRecord(definition) && Object.hasOwn(definition, 'time_intervals');
  const items = listOf(isNamed ? readFields(definition, NAMED, '', problems)['time_intervals'] : definition);
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

function readItem(item: Fields, place: string, problems: Problems): WindowRule[] {
  for (const key of Object.keys(item))
    if (!FIELDS.includes(key)) problems.add(`${place}/${key}`, `unknown; expected one of ${FIELDS.join(', ')}`);
  const days = readDays(item, place, problems);
  const times = listIn(item, 'times', place, problems);
  if (times === null) return [{ start: 0, end: 1_440, days }];
  return times.flatMap((entry, index) => {
    const at = `${place}/times/${index}`;
    if (!isRecord(entry)) {
      problems.add(at, `${shown(entry)} is no time range; expected start_time and end_time`);
      return [];
    }
    const fields = readFields(entry, TIME_RANGE, at, problems);
    const start = readClock(fields['start_time'], `${at}/start_time`, problems);
    const end = readClock(fields['end_time'], `${at}/end_time`, problems);
    if (start === null || end === null) return [];
    if (start < end) return [{ start, end, days }];
    problems.add(at, 'ends at or before it starts; expected two ranges, one up to 24:00 and one from 00:00');
    return [];
  });
}

function readDays(item: Fields, place: string, problems: Problems): DayFilter {
  const given = <T>(field: keyof typeof ENTRIES, key: keyof DayFilter, read: Read<T>): Partial<Record<string, T>> => {
    const list = listIn(item, field, place, problems);
    if (list === null) return {};
    const at = `${place}/${field}`;
    return hasForm(list, field, at, problems) ? { [key]: read(list, at, problems) } : {};
  };
  return {
    ...given('weekdays', 'weekdays', (list, at) => (list.length === 0 ? new Set() : readWeekdays(list, at, problems))),
    ...given('days_of_month', 'daysOfMonth', (list, at) => {
      refuseNeverForwards(list, at, problems);
      return readDaysOfMonth(list, at, problems);
    }),
    ...given('months', 'months', readMonths),
    ...given('years', 'years', readYears),
  };
}

type Read<T> = (list: readonly unknown[], place: string, problems: Problems) => T;

/** Null: it is not there, or not a list. */
function listIn(item: Fields, field: string, place: string, problems: Problems): readonly unknown[] | null {
  const value = item[field];
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value;
  return problems.add(`${place}/${field}`, `${shown(value)} is no list; expected one like [${shown(value)}]`);
}

function hasForm(list: readonly unknown[], field: keyof typeof ENTRIES, place: string, problems: Problems): boolean {
  const { form, expected } = ENTRIES[field];
  const wrong = list.map((entry, index) => ({ entry, index })).filter(({ entry }) => !form.test(textOf(entry)));
  for (const { entry, index } of wrong)
    problems.add(`${place}/${index}`, `${shown(entry)} is none of Alertmanager's ${field}; expected ${expected}`);
  return wrong.length === 0;
}

/** With two digits for the hour, and without seconds. */
function readClock(value: unknown, place: string, problems: Problems): number | null {
  if (typeof value === 'string' && /^\d\d:\d\d$/.test(value)) return readTime(value, place, problems);
  return problems.add(place, `${shown(value)} is no time of Alertmanager's; expected one like 09:00`);
}

/**
 * As Alertmanager does: what ends, counted from the end, before it begins already in a month of 28 days, and what begins counted from the end
 * and ends otherwise. Up to 31 is up to the end of any month: its text refuses that as well, its intervals do not.
 */
function refuseNeverForwards(list: readonly unknown[], place: string, problems: Problems): void {
  list.forEach((entry, index) => {
    const [from, to] = textOf(entry).split(':').map(Number);
    if (from === undefined || to === undefined) return;
    const endsTooEarly = from > 0 && to < 0 && from > SHORTEST_MONTH + to;
    if (endsTooEarly) problems.add(`${place}/${index}`, `the range ${from}:${to} runs backwards`);
    if (from < 0 && to > 0 && to < LONGEST_MONTH)
      problems.add(`${place}/${index}`, `the range ${from}:${to} begins from the end; expected an end from it as well`);
  });
}

const SHORTEST_MONTH = 28;
const LONGEST_MONTH = 31;
