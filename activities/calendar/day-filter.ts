/** Which local dates a window opens on: every condition that is given must hold; within one condition any entry will do. */
import { type Weekday, civilFromDays, daysInMonth, weekdayOf } from './civil.ts';

export interface Range {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** `first sun`, `last fri`: 1 to 5, or -1 for the last, -2 for the one before. */
export interface NthWeekday {
  readonly nth: number;
  readonly weekday: Weekday;
}

export interface DayFilter {
  readonly weekdays?: ReadonlySet<number>;
  /** 1 to 31, or -31 to -1 counted from the end of the month. The end of a range is cut to the month; its begin is not. */
  readonly daysOfMonth?: readonly Range[];
  readonly nth?: readonly NthWeekday[];
  readonly months?: readonly Range[];
  readonly years?: readonly Range[];
}

export function matchesDay(filter: DayFilter, days: number): boolean {
  if (filter.weekdays !== undefined && !filter.weekdays.has(weekdayOf(days))) return false;
  if (filter.daysOfMonth === undefined && filter.nth === undefined && !filter.months && !filter.years) return true;
  const { year, month, day } = civilFromDays(days);
  if (!within(filter.months, month) || !within(filter.years, year)) return false;
  const length = daysInMonth(year, month);
  return (
    (filter.daysOfMonth?.some((range) => hasDay(range, day, length)) ?? true) &&
    (filter.nth?.some((nth) => isNth(nth, weekdayOf(days), day, length)) ?? true)
  );
}

/** Whether any range has the value; what is not given has all. */
export const within = (ranges: readonly Range[] | undefined, value: number): boolean =>
  ranges?.some(({ from, to }) => value >= from && value <= to) ?? true;

function hasDay({ from, to }: Range, day: number, length: number): boolean {
  const begin = from < 0 ? Math.max(1, length + from + 1) : from;
  const end = to < 0 ? length + to + 1 : Math.min(to, length);
  return day >= begin && day <= end;
}

function isNth({ nth, weekday }: NthWeekday, today: Weekday, day: number, length: number): boolean {
  if (today !== weekday) return false;
  return nth > 0 ? Math.ceil(day / 7) === nth : Math.ceil((length - day + 1) / 7) === -nth;
}
