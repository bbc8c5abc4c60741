/**
 * Reads a window as operators write it: `fri 22:00-04:00`, or an object with `times` (or `start` and `end`), `weekdays`, `daysOfMonth`,
 * `nth`, `months`, `years`, or a list of either, also as `any`. Without times it lasts the whole local day. Throws CalendarError `bad-window`.
 */
import type { DayFilter } from './day-filter.ts';
import { EXCLUSIONS, bothExclusions, readExclusions } from './exclusions.ts';
import { Problems, isRecord, listOf, shown } from './problems.ts';
import { type Fields, readFields } from './read-fields.ts';
import { readDaysOfMonth, readMonths, readNth, readWeekdays, readYears } from './read-ranges.ts';
import type { Window, WindowRule } from './window.ts';

const DAY_MINUTES = 1_440;
const TIME = /^\s*(\d{1,2}):(\d\d)(?::00)?\s*$/;
const TEXT = /^\s*(?:(.*?)\s+)?(\d{1,2}:\d\d)\s*(?:-|–|to)\s*(\d{1,2}:\d\d)\s*$/i;
const RANGE_SIGN = /\s*(?:[-–:]|\.\.)\s*|\s+to\s+/gi;
/** One definition must not make every decision slow. */
const MAX_RULES = 100;
const MAX_DEPTH = 10;

const CONDITIONS = ['weekdays', 'daysOfMonth', 'nth', 'months', 'years'];
const TIMES = ['times', 'start', 'end'];
const SPELLINGS = new Map([
  ['days', 'weekdays'],
  ['days_of_month', 'daysOfMonth'],
  ['start_time', 'start'],
  ['end_time', 'end'],
  ['from', 'start'],
  ['to', 'end'],
  ['covers_until', 'coversUntil'],
]);
const ENTRY = { names: [...TIMES, ...CONDITIONS, ...EXCLUSIONS], spellings: SPELLINGS };
const BESIDE_ANY = { names: ['any', ...EXCLUSIONS], spellings: SPELLINGS };
const STRETCH = { names: ['start', 'end'], spellings: SPELLINGS };

/** Open while any of them is; each with what closes it. */
export function readWindow(definition: unknown): Window[] {
  const problems = new Problems();
  const windows = readEntries(definition, '', problems);
  const rules = windows.flatMap((window) => window.rules).length;
  if (rules > MAX_RULES) problems.add('', `${rules} stretches; expected at most ${MAX_RULES}`);
  problems.done('bad-window');
  return windows;
}

function readEntries(definition: unknown, place: string, problems: Problems, depth = 0): Window[] {
  const entries = listOf(definition);
  if (entries.length === 0) problems.add(place, 'no window; expected at least one');
  return entries.flatMap((entry, index) => {
    const at = Array.isArray(definition) ? `${place}/${index}` : place;
    if (isRecord(entry) && Object.hasOwn(entry, 'any')) return readAny(entry, at, problems, depth);
    return readEntry(entry, at, problems);
  });
}

/** What is excluded beside `any` is so for each of its entries. */
function readAny(entry: Fields, place: string, problems: Problems, depth: number): Window[] {
  const fields = readFields(entry, BESIDE_ANY, place, problems);
  const exclusions = readExclusions(fields, place, problems);
  if (depth === MAX_DEPTH) problems.add(place, `any within any, over and over; expected at most ${MAX_DEPTH}`);
  if (fields['any'] === undefined || depth === MAX_DEPTH) return [];
  const windows = readEntries(fields['any'], `${place}/any`, problems, depth + 1);
  return windows.map((window) => ({ ...bothExclusions(window, exclusions), rules: window.rules }));
}

function readEntry(entry: unknown, place: string, problems: Problems): Window[] {
  if (typeof entry === 'string') return [{ rules: readText(entry, place, problems) }];
  if (!isRecord(entry)) {
    problems.add(place, `${shown(entry)} is no window; expected text like fri 22:00-04:00, or an object`);
    return [];
  }
  const fields = readFields(entry, ENTRY, place, problems);
  const days = readDays(fields, place, problems);
  const rules = readTimes(fields, place, problems).map((times) => ({ ...times, days }));
  return [{ ...readExclusions(fields, place, problems), rules }];
}

/** `fri 22:00-04:00`, `mon-fri, sun 01:00-05:00`, `22:00-04:00`. */
function readText(text: string, place: string, problems: Problems): WindowRule[] {
  const match = TEXT.exec(text);
  if (match === null) {
    problems.add(
      place,
      `${shown(text)} is no window; expected text like fri 22:00-04:00, one stretch of a day for each entry of a list`,
    );
    return [];
  }
  const [, days, start, end] = match;
  const filter =
    days === undefined || days === '' || days === 'daily'
      ? {}
      : { weekdays: readWeekdays(days.replace(RANGE_SIGN, '-').split(/[\s,]+/), place, problems) };
  return readTimes({ start, end }, place, problems).map((times) => ({ ...times, days: filter }));
}

/** The conditions of `fields` on the date; others are not looked at. */
export function readDays(fields: Fields, place: string, problems: Problems): DayFilter {
  const given = <T>(key: string, read: (value: unknown, at: string, into: Problems) => T): Record<string, T> =>
    fields[key] === undefined ? {} : { [key]: read(fields[key], `${place}/${key}`, problems) };
  return {
    ...given('weekdays', readWeekdays),
    ...given('daysOfMonth', readDaysOfMonth),
    ...given('nth', readNth),
    ...given('months', readMonths),
    ...given('years', readYears),
  };
}

type Times = Pick<WindowRule, 'start' | 'end'>;

function readTimes(fields: Fields, place: string, problems: Problems): Times[] {
  const { times, start, end } = fields;
  if (times === undefined && start === undefined && end === undefined) return [{ start: 0, end: DAY_MINUTES }];
  if (times !== undefined && (start !== undefined || end !== undefined))
    problems.add(place, 'has times as well as start and end; expected one of them');
  if (times === undefined) return startAndEnd(start, end, place, problems);
  const list = listOf(times);
  if (list.length === 0) problems.add(`${place}/times`, 'no times; leave them out to mean the whole day');
  return list.flatMap((entry, index) => {
    const at = `${place}/times/${index}`;
    if (isRecord(entry)) {
      const { start: from, end: to } = readFields(entry, STRETCH, at, problems);
      return startAndEnd(from, to, at, problems);
    }
    const match = typeof entry === 'string' ? TEXT.exec(entry) : null;
    if (match !== null && match[1] === undefined) return startAndEnd(match[2], match[3], at, problems);
    problems.add(at, `${shown(entry)} is no stretch of a day; expected one like 22:00-04:00`);
    return [];
  });
}

function startAndEnd(start: unknown, end: unknown, place: string, problems: Problems): Times[] {
  const [from, to] = [readTime(start, `${place}/start`, problems), readTime(end, `${place}/end`, problems)];
  if (from === null || to === null) return [];
  if (from === DAY_MINUTES) {
    problems.add(`${place}/start`, 'nothing opens at 24:00; expected 00:00 of the next day');
    return [];
  }
  return [{ start: from, end: to }];
}

/** Minutes since midnight, 24:00 included. */
export function readTime(value: unknown, place: string, problems: Problems): number | null {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  const [hour, minute] = [Number(match?.[1]), Number(match?.[2])];
  const minutes = hour * 60 + minute;
  if (match !== null && minute < 60 && minutes <= DAY_MINUTES) return minutes;
  return problems.add(place, `${shown(value)} is no time of day; expected one from 00:00 to 24:00`);
}
