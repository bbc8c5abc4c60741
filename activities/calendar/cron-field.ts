/** One field of a cron expression: numbers or names, ranges, steps and lists of them. */
import { CalendarError } from './calendar-error.ts';
import { monthNamed, weekdayNamed } from './names.ts';

export interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Of fields that have names: how many, so that a range of names may run over the end, and what may be written besides. */
  readonly names?: { readonly count: number; readonly read: (text: string) => number | null };
  /** What else the field takes, for who wrote something that cannot be read. */
  readonly also?: string;
  /** What it begins again with: a longer step than that fires once each, which nobody means. */
  readonly each?: 'minute' | 'hour' | 'day';
}

export const SECOND: CronField = { name: 'second', min: 0, max: 59, each: 'minute' };
export const MINUTE: CronField = { name: 'minute', min: 0, max: 59, each: 'hour' };
export const HOUR: CronField = { name: 'hour', min: 0, max: 23, each: 'day' };
export const DATE: CronField = { name: 'day of month', min: 1, max: 31, also: 'L, L-3, LW, 15W' };
export const MONTH: CronField = { name: 'month', min: 1, max: 12, names: { count: 12, read: monthNamed } };
/** 7 is Sunday as well. */
export const WEEKDAY: CronField = {
  name: 'day of week',
  min: 0,
  max: 7,
  names: { count: 7, read: weekdayNamed },
  also: 'friL, fri#2',
};
/** As far as EventBridge goes. */
export const YEAR: CronField = { name: 'year', min: 1970, max: 2199 };

/** All values of a field, in order. Throws CalendarError `bad-cron`. */
export function valuesOf(text: string, field: CronField): number[] {
  const all = new Set(text.split(',').flatMap((part) => rangeOf(part, field)));
  return [...all].toSorted((one, other) => one - other);
}

/** The values of one entry of a list; a weekday may be 7. */
export function rangeOf(part: string, field: CronField): number[] {
  const [bounds = '', stepText, ...rest] = part.split('/');
  const step = stepText === undefined ? 1 : Number(stepText);
  if (rest.length > 0 || !/^\d+$/.test(stepText ?? '1') || step < 1)
    throw badCron(`${field.name} ${JSON.stringify(part)} has no good step; expected one like */15`);
  // Of dates it is left alone: who writes */100 there means the first, and no other day.
  if (field.each !== undefined && step > field.max + 1)
    throw badCron(
      `${field.name} ${JSON.stringify(part)} would fire once in each ${field.each}; expected a step of at most ${field.max + 1}, or elapsed time like @every 90m`,
    );
  const { from, to } = boundsOf(bounds, part, field, stepText !== undefined);
  if (from > to)
    throw badCron(
      `${field.name} ${JSON.stringify(part)} runs backwards; expected two ranges, or the smaller value first`,
    );
  const found: number[] = [];
  for (let value = from; value <= to; value += step) found.push(value > field.max ? value - namesIn(field) : value);
  return found;
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

function boundsOf(bounds: string, part: string, field: CronField, stepped: boolean): Bounds {
  // Sunday is 0 here, so that a step over all weekdays counts from it.
  const max = field === WEEKDAY ? 6 : field.max;
  // Elsewhere `?` means any value, the present one or nothing, depending on the program.
  if (bounds === '*' || (bounds === '?' && (field === DATE || field === WEEKDAY))) return { from: field.min, to: max };
  const [first = '', last, ...more] = bounds.split('-');
  if (more.length > 0) throw unreadable(part, field);
  const from = valueOf(first, part, field);
  if (last === undefined) return { from, to: stepped ? Math.max(max, from) : from };
  // Days after the last one of a month are in no month.
  if (field === DATE && /^L$/i.test(last)) return { from, to: DATE.max };
  const to = valueOf(last, part, field);
  // `fri-mon`, `nov-feb`; of numbers only what touches Sunday, which begins the week as 0 and ends it as 7.
  const runsOver =
    field.names !== undefined && (/[A-Za-z]/.test(bounds) || (field === WEEKDAY && (to === 0 || from === 7)));
  return to < from && runsOver ? { from, to: to + namesIn(field) } : { from, to };
}

const namesIn = ({ names }: CronField): number => names?.count ?? 0;

export function valueOf(text: string, part: string, field: CronField): number {
  const named = /^[A-Za-z]{3,}$/.test(text) ? (field.names?.read(text) ?? null) : null;
  const value = named ?? (/^\d{1,4}$/.test(text) ? Number(text) : NaN);
  if (!(value >= field.min && value <= field.max)) throw unreadable(part, field);
  return value;
}

export function unreadable(part: string, { name, min, max, names, also }: CronField): CalendarError {
  const expected = `*, ${min} to ${max}${names === undefined ? '' : ' or a name'}, ranges and steps of them`;
  return badCron(
    `${name} ${JSON.stringify(part)} cannot be read; expected ${expected}${also === undefined ? '' : `, ${also}`}`,
  );
}

export const badCron = (message: string): CalendarError => new CalendarError('bad-cron', message);
