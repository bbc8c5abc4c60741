/**
 * Reads cron expressions: five fields, six with seconds first, or seven with a year last; names, ranges, steps, lists, `?`, `L`, `W`, `#`
 * and the usual `@daily` words. When both day fields are restricted a date matches either, as in Kubernetes; `*` with a step restricts.
 */
import { civilFromDays, weekdayOf } from './civil.ts';
import { daysOfMonth, daysOfWeek } from './cron-days.ts';
import { refuseDialects } from './cron-dialects.ts';
import { DATE, HOUR, MINUTE, MONTH, SECOND, YEAR, badCron, valuesOf } from './cron-field.ts';
import { type Every, parseEvery } from './every.ts';

export interface Cron {
  /** Seconds since local midnight at which it fires, in order. */
  readonly times: readonly number[];
  /** Follows real time: minutes or hours begin with `*`, so that it neither shifts in a gap nor rests in an overlap. */
  readonly wildcard: boolean;
  matchesDay(days: number): boolean;
  matchesMonth(year: number, month: number): boolean;
  /** Fires on a day of the month that not every month or year has; see `onMissingDate`. */
  readonly daysOfMonth: readonly number[] | null;
  /** Whether days of the month alone decide. */
  readonly byDayOfMonth: boolean;
  /** It never fires after this year; null: no year ends it. */
  readonly lastYear: number | null;
}

export interface ParsedCron {
  readonly cron: Cron | Every;
  /** Of a `TZ=` or `CRON_TZ=` in front; null without. */
  readonly zone: string | null;
}

const WORDS = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);
const MAX_LENGTH = 1_000;

/** `every`: reads what follows `@every`. Throws CalendarError `bad-cron`, naming the field and what was expected. */
export function parseCron(text: string, every: (text: string) => Every = parseEvery): ParsedCron {
  if (text.length > MAX_LENGTH) throw badCron(`it has ${text.length} characters; expected at most ${MAX_LENGTH}`);
  const match = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim());
  const zone = match?.[1] ?? null;
  const expression = (match?.[2] ?? '').trim();
  if (/^@every\b/i.test(expression)) return { cron: every(expression.slice('@every'.length).trim()), zone };
  if (/^(?:CRON_)?TZ=/.test(expression))
    throw badCron(
      `${JSON.stringify(expression)} names no zone or nothing besides; expected one like CRON_TZ=Europe/Berlin 0 5 * * *`,
    );
  const fields = (WORDS.get(expression.toLowerCase()) ?? expression).split(/\s+/);
  refuseDialects(expression, fields);
  if (expression.startsWith('@') && fields.length === 1)
    throw badCron(
      `${JSON.stringify(expression)} is unknown; expected one of ${[...WORDS.keys()].join(', ')}, @every 90m`,
    );
  if (fields.length < 5 || fields.length > 7)
    throw badCron(
      `${JSON.stringify(expression)} has ${expression === '' ? 0 : fields.length} fields; expected 5, 6 with seconds first, or 7 with a year last`,
    );
  return { cron: parseFields(fields.length === 5 ? ['0', ...fields] : fields), zone };
}

function parseFields(fields: readonly string[]): Cron {
  const [second = '', minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = '*'] = fields;
  const [seconds, minutes, hours] = [valuesOf(second, SECOND), valuesOf(minute, MINUTE), valuesOf(hour, HOUR)];
  const months = valuesOf(month, MONTH);
  const years = year === '*' ? null : valuesOf(year, YEAR);
  const dates = daysOfMonth(dayOfMonth);
  const weekdays = daysOfWeek(dayOfWeek);
  const matchesMonth = (ofYear: number, number: number): boolean =>
    months.includes(number) && (years?.includes(ofYear) ?? true);
  const matchesDay = (days: number): boolean => {
    const date = civilFromDays(days);
    if (!matchesMonth(date.year, date.month)) return false;
    const today = { ...date, weekday: weekdayOf(days) };
    if (dates.free) return weekdays.free || weekdays.matches(today);
    if (weekdays.free) return dates.matches(today);
    return dates.matches(today) || weekdays.matches(today);
  };
  return {
    times: hours.flatMap((h) => minutes.flatMap((m) => seconds.map((s) => h * 3_600 + m * 60 + s))),
    wildcard: minute.startsWith('*') || hour.startsWith('*'),
    matchesDay,
    matchesMonth,
    daysOfMonth: dates.free || !/^[\d,-]+$/.test(dayOfMonth) ? null : valuesOf(dayOfMonth, DATE),
    byDayOfMonth: weekdays.free,
    lastYear: years?.at(-1) ?? null,
  };
}
