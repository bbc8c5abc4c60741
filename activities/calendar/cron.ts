/**
 * Reads cron expressions: five fields, or six with seconds first; names, ranges, steps, lists, `?`, `L`, `W`, `#` and the usual
 * `@daily` words. When both day fields are restricted a date matches either, as in cron and in Kubernetes; `*` with a step restricts.
 */
import { CalendarError } from './calendar-error.ts';
import { type Weekday, civilFromDays, daysFromCivil, daysInMonth, weekdayOf } from './civil.ts';
import { monthNamed, weekdayNamed } from './names.ts';

export interface Cron {
  /** Seconds since local midnight at which it fires, in order. */
  readonly times: readonly number[];
  /** Follows real time: minutes or hours begin with `*`, so that it neither shifts in a gap nor rests in an overlap. */
  readonly wildcard: boolean;
  matchesDay(days: number): boolean;
  /** Fires on a day of the month that not every month or year has; see `onMissingDate`. */
  readonly daysOfMonth: readonly number[] | null;
  readonly months: readonly number[];
  /** Whether days of the month alone decide. */
  readonly byDayOfMonth: boolean;
}

/** `@every 90m`: elapsed time, no wall clock. */
export interface Every {
  readonly everySeconds: number;
  /** An instant it fires at; null: counted from whenever it is asked. */
  readonly from: number | null;
}

export interface ParsedCron {
  readonly cron: Cron | Every;
  /** Of a `TZ=` or `CRON_TZ=` in front; null without. */
  readonly zone: string | null;
}

const WORDS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const MAX_LENGTH = 1_000;
const EVERY = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** Throws CalendarError `bad-cron`, naming the field and what was expected. */
export function parseCron(text: string): ParsedCron {
  if (text.length > MAX_LENGTH) throw bad(`it has ${text.length} characters; expected at most ${MAX_LENGTH}`);
  const match = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim());
  const zone = match?.[1] ?? null;
  const expression = (match?.[2] ?? '').trim();
  if (expression.startsWith('@every')) return { cron: parseEvery(expression.slice('@every'.length).trim()), zone };
  const fields = (WORDS[expression.toLowerCase()] ?? expression).split(/\s+/);
  if (expression.startsWith('@') && fields.length === 1)
    throw bad(`${JSON.stringify(expression)} is unknown; expected one of ${Object.keys(WORDS).join(', ')}, @every 90m`);
  if (fields.length !== 5 && fields.length !== 6)
    throw bad(
      `${JSON.stringify(expression)} has ${expression === '' ? 0 : fields.length} fields; expected 5, or 6 with seconds first`,
    );
  return { cron: parseFields(fields.length === 5 ? ['0', ...fields] : fields), zone };
}

function parseEvery(text: string): Every {
  const match = EVERY.exec(text);
  const [hours, minutes, seconds] = [match?.[1], match?.[2], match?.[3]].map((part) => Number(part ?? 0));
  const everySeconds = (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  if (match === null || everySeconds < 1)
    throw bad(`@every ${JSON.stringify(text)} is no duration; expected one like 1h30m`);
  return { everySeconds, from: null };
}

function parseFields(fields: readonly string[]): Cron {
  const [second = '', minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fields;
  const [seconds, minutes, hours] = [values(second, SECOND), values(minute, MINUTE), values(hour, HOUR)];
  const months = values(month, MONTH);
  const dates = dayField(dayOfMonth, 'day of month', dateRule);
  const weekdays = dayField(dayOfWeek, 'day of week', weekdayRule);
  const onDay = (days: number): boolean => {
    const { year, month: current, day } = civilFromDays(days);
    if (!months.includes(current)) return false;
    const today = { year, month: current, day, weekday: weekdayOf(days) };
    if (dates.free && weekdays.free) return true;
    if (dates.free) return weekdays.matches(today);
    if (weekdays.free) return dates.matches(today);
    return dates.matches(today) || weekdays.matches(today);
  };
  return {
    times: hours.flatMap((h) => minutes.flatMap((m) => seconds.map((s) => h * 3_600 + m * 60 + s))),
    wildcard: minute.startsWith('*') || hour.startsWith('*') || minute.startsWith('?') || hour.startsWith('?'),
    matchesDay: onDay,
    daysOfMonth: dates.free || !/^[\d,-]+$/.test(dayOfMonth) ? null : values(dayOfMonth, DATE),
    months,
    byDayOfMonth: weekdays.free,
  };
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly named?: (text: string) => number | null;
}

const SECOND: Field = { name: 'second', min: 0, max: 59 };
const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
const HOUR: Field = { name: 'hour', min: 0, max: 23 };
const DATE: Field = { name: 'day of month', min: 1, max: 31 };
const MONTH: Field = { name: 'month', min: 1, max: 12, named: monthNamed };
/** 7 is Sunday as well. */
const WEEKDAY: Field = { name: 'day of week', min: 0, max: 7, named: weekdayNamed };

/** All values of a field, in order. */
function values(text: string, field: Field): number[] {
  const all = new Set(text.split(',').flatMap((part) => range(part, field)));
  return [...all].toSorted((one, other) => one - other);
}

function range(part: string, field: Field): number[] {
  const [bounds = '', stepText, ...rest] = part.split('/');
  const step = stepText === undefined ? 1 : Number(stepText);
  if (rest.length > 0 || !Number.isInteger(step) || step < 1 || stepText === '')
    throw bad(`${field.name} ${JSON.stringify(part)} has no good step; expected one like */15`);
  const { from, to } = boundsOf(bounds, part, field, stepText !== undefined);
  if (from > to)
    throw bad(`${field.name} ${JSON.stringify(part)} runs backwards; expected two ranges, or the smaller value first`);
  const found: number[] = [];
  for (let value = from; value <= to; value += step) found.push(value);
  return found;
}

function boundsOf(bounds: string, part: string, field: Field, stepped: boolean): { from: number; to: number } {
  // Sunday is 0 here, so that a step over all weekdays counts from it.
  const max = field === WEEKDAY ? 6 : field.max;
  if (bounds === '*' || bounds === '?') return { from: field.min, to: max };
  const [first = '', last, ...more] = bounds.split('-');
  if (more.length > 0 || (last === '' && bounds !== '')) throw unreadable(part, field);
  const from = valueOf(first, part, field);
  if (last === undefined) return { from, to: stepped ? Math.max(max, from) : from };
  const to = valueOf(last, part, field);
  // `fri-sun` ends with the week.
  return { from, to: field === WEEKDAY && to === 0 && from > 0 ? 7 : to };
}

function valueOf(text: string, part: string, field: Field): number {
  const named = /^[A-Za-z]{3,}$/.test(text) ? (field.named?.(text) ?? null) : null;
  const value = named ?? (/^\d{1,4}$/.test(text) ? Number(text) : NaN);
  if (!(value >= field.min && value <= field.max)) throw unreadable(part, field);
  return value;
}

interface Today {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: Weekday;
}

type Rule = (today: Today) => boolean;

/** `free`: `*` or `?`, which restricts nothing. */
function dayField(
  text: string,
  name: string,
  ruleOf: (part: string) => Rule,
): { readonly free: boolean; readonly matches: Rule } {
  if (text === '') throw bad(`${name} is empty`);
  const parts = text.split(',');
  const rules = parts.map(ruleOf);
  return { free: parts.some(isStar), matches: (today) => rules.some((rule) => rule(today)) };
}

const isStar = (part: string): boolean => part === '*' || part === '?' || part === '*/1';

/** `L`: the last day, `L-3`: three days before it, `15W`: the working day nearest to the 15th, `LW`. */
function dateRule(part: string): Rule {
  const last = /^L(?:-(\d{1,2}))?$/i.exec(part);
  if (last !== null) {
    const before = Number(last[1] ?? 0);
    if (before > 30) throw unreadable(part, DATE);
    return ({ year, month, day }) => day === daysInMonth(year, month) - before;
  }
  const working = /^(L|\d{1,2})W$/i.exec(part);
  if (working?.[1] !== undefined) {
    const wanted = working[1].toUpperCase() === 'L' ? null : valueOf(working[1], part, DATE);
    return ({ year, month, day }) => day === workingDay(year, month, wanted ?? daysInMonth(year, month));
  }
  const days = new Set(range(part, DATE));
  return ({ day }) => days.has(day);
}

/** Monday to Friday, nearest to the date and in the same month. */
function workingDay(year: number, month: number, day: number): number {
  const length = daysInMonth(year, month);
  const date = Math.min(day, length);
  const weekday = weekdayOf(daysFromCivil(year, month, date));
  if (weekday === 6) return date > 1 ? date - 1 : date + 2;
  if (weekday === 0) return date < length ? date + 1 : date - 2;
  return date;
}

/** `fri#2`: the second one of the month, `5L` or `friL`: the last one; a bare `L` is Saturday. */
function weekdayRule(part: string): Rule {
  if (/^L$/i.test(part)) return ({ weekday }) => weekday === 6;
  const nth = /^(\w+)#([1-5]|L)$/i.exec(part);
  const last = nth === null ? /^(\d|[A-Za-z]{3,})L$/i.exec(part) : null;
  const name = nth?.[1] ?? last?.[1];
  if (name !== undefined) {
    const wanted = valueOf(name, part, WEEKDAY) % 7;
    const count = nth?.[2] === undefined || /L/i.test(nth[2]) ? null : Number(nth[2]);
    return ({ year, month, day, weekday }) =>
      weekday === wanted && (count === null ? day + 7 > daysInMonth(year, month) : Math.ceil(day / 7) === count);
  }
  const days = new Set(range(part, WEEKDAY).map((day) => day % 7));
  return ({ weekday }) => days.has(weekday);
}

const unreadable = (part: string, { name, min, max, named }: Field): CalendarError =>
  bad(
    `${name} ${JSON.stringify(part)} cannot be read; expected ${min} to ${max}${named === undefined ? '' : ' or a name'}, ranges and steps of them`,
  );

const bad = (message: string): CalendarError => new CalendarError('bad-cron', message);
