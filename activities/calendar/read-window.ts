/**
 * Reads a window as operators write it: `fri 22:00-04:00`, or an object with `times` (or `start` and `end`), `weekdays`, `daysOfMonth`,
 * `nth`, `months`, `years`, or a list of either. Without times it lasts the whole local day. Throws CalendarError `bad-window`.
 */
import { CalendarError } from './calendar-error.ts';
import type { DayFilter } from './day-filter.ts';
import { readDateText, readInstantText } from './instant-text.ts';
import { Problems, isRecord, listOf, shown } from './problems.ts';
import { readDaysOfMonth, readMonths, readNth, readWeekdays, readYears } from './read-ranges.ts';
import type { Span } from './spans.ts';
import type { Exclusions, Window, WindowRule } from './window.ts';

const DAY_MINUTES = 1_440;
const TIME = /^\s*(\d{1,2}):(\d\d)(?::00)?\s*$/;
const TEXT = /^\s*(?:(.*?)\s+)?(\d{1,2}:\d\d)\s*(?:-|–|to)\s*(\d{1,2}:\d\d)\s*$/;
/** One definition must not make every decision slow. */
const MAX_RULES = 100;
const MAX_DATES = 10_000;

const CONDITIONS = ['weekdays', 'daysOfMonth', 'nth', 'months', 'years'];
const TIMES = ['times', 'start', 'end'];
const EXCLUSIONS = ['holidays', 'strict', 'coversUntil', 'freezes'];
/** Other usual spellings of the same. */
const SPELLINGS = new Map([
  ['days', 'weekdays'],
  ['days_of_month', 'daysOfMonth'],
  ['start_time', 'start'],
  ['end_time', 'end'],
  ['from', 'start'],
  ['to', 'end'],
  ['covers_until', 'coversUntil'],
]);

export function readWindow(definition: unknown): Window {
  const problems = new Problems();
  const entries = isRecord(definition) && 'any' in definition ? [definition] : listOf(definition);
  const rules: WindowRule[] = [];
  let exclusions: Exclusions = {};
  if (entries.length === 0) problems.add('', 'no window; expected at least one');
  entries.forEach((entry, index) => {
    const place = Array.isArray(definition) ? `/${index}` : '';
    if (isRecord(entry)) exclusions = { ...exclusions, ...readExclusions(normalised(entry), place, problems) };
    rules.push(...readEntry(entry, place, problems));
  });
  if (rules.length > MAX_RULES) problems.add('', `${rules.length} stretches; expected at most ${MAX_RULES}`);
  problems.done('bad-window');
  return { rules, ...exclusions };
}

function readEntry(entry: unknown, place: string, problems: Problems): WindowRule[] {
  if (typeof entry === 'string') return readText(entry, place, problems);
  if (!isRecord(entry)) {
    problems.add(place, `${shown(entry)} is no window; expected text like fri 22:00-04:00, or an object`);
    return [];
  }
  const fields = normalised(entry);
  if ('any' in fields)
    return listOf(fields['any']).flatMap((each, index) => readEntry(each, `${place}/any/${index}`, problems));
  for (const key of Object.keys(fields))
    if (![...CONDITIONS, ...TIMES, ...EXCLUSIONS].includes(key))
      problems.add(
        `${place}/${key}`,
        `unknown; expected one of ${[...TIMES, ...CONDITIONS, ...EXCLUSIONS].join(', ')}`,
      );
  const days = readDays(fields, place, problems);
  return readTimes(fields, place, problems).map((times) => ({ ...times, days }));
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
      : { weekdays: readWeekdays(days.split(/[\s,]+/), place, problems) };
  return readTimes({ start, end }, place, problems).map((times) => ({ ...times, days: filter }));
}

const normalised = (entry: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(entry).map(([key, value]) => [SPELLINGS.get(key) ?? key, value]));

/** The conditions of `fields` on the date; others are not looked at. */
export function readDays(fields: Readonly<Record<string, unknown>>, place: string, problems: Problems): DayFilter {
  const given = <T>(key: string, read: (value: unknown, at: string, into: Problems) => T): Record<string, T> =>
    fields[key] === undefined || fields[key] === null ? {} : { [key]: read(fields[key], `${place}/${key}`, problems) };
  return {
    ...given('weekdays', readWeekdays),
    ...given('daysOfMonth', readDaysOfMonth),
    ...given('nth', readNth),
    ...given('months', readMonths),
    ...given('years', readYears),
  };
}

type Times = Pick<WindowRule, 'start' | 'end'>;

function readTimes(fields: Readonly<Record<string, unknown>>, place: string, problems: Problems): Times[] {
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
      const { start: from, end: to } = normalised(entry);
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

function readExclusions(fields: Readonly<Record<string, unknown>>, place: string, problems: Problems): Exclusions {
  const { holidays, strict, coversUntil, freezes } = fields;
  return {
    ...(holidays === undefined ? {} : { holidays: new Set(dates(holidays, `${place}/holidays`, problems)) }),
    ...(strict === undefined ? {} : { strict: strict === true }),
    ...(coversUntil === undefined ? {} : { coversUntil: dates(coversUntil, `${place}/coversUntil`, problems)[0] ?? 0 }),
    ...(freezes === undefined ? {} : { freezes: readFreezes(freezes, `${place}/freezes`, problems) }),
  };
}

function dates(value: unknown, place: string, problems: Problems): number[] {
  const list = listOf(value);
  if (list.length > MAX_DATES) problems.add(place, `${list.length} dates; expected at most ${MAX_DATES}`);
  return list.slice(0, MAX_DATES).flatMap((entry, index) => {
    const text = isRecord(entry) ? entry['date'] : entry;
    return attempt(() => readDateText(String(text)), `${place}/${index}`, problems);
  });
}

function readFreezes(value: unknown, place: string, problems: Problems): Span[] {
  return listOf(value).flatMap((entry, index) => {
    const at = `${place}/${index}`;
    if (!isRecord(entry)) {
      problems.add(at, `${shown(entry)} is no freeze; expected { from, to } as instants`);
      return [];
    }
    const { start, end } = normalised(entry);
    const [from] = attempt(() => readInstantText(String(start)), `${at}/from`, problems);
    const [to] = attempt(() => readInstantText(String(end)), `${at}/to`, problems);
    if (from === undefined || to === undefined) return [];
    if (from < to) return [{ from, to }];
    problems.add(at, 'ends before it begins');
    return [];
  });
}

function attempt(read: () => number, place: string, problems: Problems): number[] {
  try {
    return [read()];
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    problems.add(place, error.message);
    return [];
  }
}
