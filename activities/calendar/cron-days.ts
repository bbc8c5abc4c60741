/** The two day fields of a cron expression, which know more than numbers: `L`, `15W`, `fri#2`. */
import { type Weekday, daysFromCivil, daysInMonth, weekdayOf } from './civil.ts';
import { DATE, WEEKDAY, badCron, rangeOf, unreadable, valueOf } from './cron-field.ts';

export interface Today {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: Weekday;
}

type Rule = (today: Today) => boolean;

export interface DayField {
  /** `*` or `?`, which restricts nothing. */
  readonly free: boolean;
  readonly matches: Rule;
}

export const daysOfMonth = (text: string): DayField => dayField(text, DATE.name, dateRule);

export const daysOfWeek = (text: string): DayField => dayField(text, WEEKDAY.name, weekdayRule);

function dayField(text: string, name: string, ruleOf: (part: string) => Rule): DayField {
  if (text === '') throw badCron(`${name} is empty`);
  const parts = text.split(',');
  const rules = parts.map(ruleOf);
  return { free: parts.some(isStar), matches: (today) => rules.some((rule) => rule(today)) };
}

const isStar = (part: string): boolean => part === '*' || part === '?' || part === '*/1';

/** `L`: the last day, `L-3`: three days before it, `15W` or `W15`: the working day nearest to the 15th, `LW`, `L-3W`. */
function dateRule(part: string): Rule {
  const last = /^L(?:-(\d{1,2}))?(W?)$/i.exec(part);
  if (last !== null) {
    const before = Number(last[1] ?? 0);
    if (before > 30) throw unreadable(part, DATE);
    return ({ year, month, day }) => {
      const date = daysInMonth(year, month) - before;
      return day === (last[2] === '' || date < 1 ? date : workingDay(year, month, date));
    };
  }
  const working = /^(?:(\d{1,2})W|W(\d{1,2}))$/i.exec(part);
  const date = working?.[1] ?? working?.[2];
  if (date !== undefined) {
    const wanted = valueOf(date, part, DATE);
    return ({ year, month, day }) => wanted <= daysInMonth(year, month) && day === workingDay(year, month, wanted);
  }
  const days = new Set(rangeOf(part, DATE));
  return ({ day }) => days.has(day);
}

/** Monday to Friday, nearest to the date and in the same month. */
function workingDay(year: number, month: number, date: number): number {
  const weekday = weekdayOf(daysFromCivil(year, month, date));
  if (weekday === 6) return date > 1 ? date - 1 : date + 2;
  if (weekday === 0) return date < daysInMonth(year, month) ? date + 1 : date - 2;
  return date;
}

/** `fri#2`: the second one of the month, `mon-fri#1`: the first of each, `5L`, `L5` or `friL`: the last one; a bare `L` is Saturday. */
function weekdayRule(part: string): Rule {
  if (/^L$/i.test(part)) return ({ weekday }) => weekday === 6;
  const nth = /^([\w-]+)#([1-5]|L)$/i.exec(part);
  const last = nth === null ? /^(?:(\d|[A-Za-z]{3,})L|L(\d))$/i.exec(part) : null;
  const named = nth?.[1] ?? last?.[1] ?? last?.[2];
  const wanted = new Set(rangeOf(named ?? part, WEEKDAY).map((day) => day % 7));
  if (named === undefined) return ({ weekday }) => wanted.has(weekday);
  const count = nth?.[2] === undefined || /L/i.test(nth[2]) ? null : Number(nth[2]);
  return ({ year, month, day, weekday }) =>
    wanted.has(weekday) && (count === null ? day + 7 > daysInMonth(year, month) : Math.ceil(day / 7) === count);
}
