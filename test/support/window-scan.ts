/** Windows as a scan of every minute sees them, with nothing in common with the code but the calendar; and windows at random, in weeks to scan. */
import fc from 'fast-check';
import { type Weekday, civilFromDays, daysInMonth, weekdayOf } from '../../activities/calendar/civil.ts';
import type { DayFilter } from '../../activities/calendar/day-filter.ts';
import { readInstantText } from '../../activities/calendar/instant-text.ts';
import { type Span, union } from '../../activities/calendar/spans.ts';
import type { Window } from '../../activities/calendar/window.ts';
import type { Zone } from '../../activities/calendar/zone.ts';

const DAY = 86_400;

/** The stretches in which any of the windows is open. */
export function scan(windows: readonly Window[], zone: Zone, from: number, to: number): Span[] {
  const open: Span[] = [];
  for (let instant = from; instant < to; instant += 60) {
    const reading = instant + zone.periodAt(instant).offset;
    if (windows.some((window) => isOpen(window, instant, reading))) open.push({ from: instant, to: instant + 60 });
  }
  return union(open);
}

function isOpen({ rules, holidays, strict, coversUntil, freezes }: Window, instant: number, reading: number): boolean {
  const [today, minute] = [Math.floor(reading / DAY), Math.floor(reading / 60) % 1_440];
  if (freezes?.some((freeze) => freeze.from <= instant && instant < freeze.to) === true) return false;
  if (strict === true && holidays?.has(today) === true) return false;
  const opensOn = (day: number, days: DayFilter): boolean =>
    holidays?.has(day) !== true && day <= (coversUntil ?? Infinity) && isOn(day, days);
  return rules.some(({ start, end, days }) => {
    if (end > start) return opensOn(today, days) && minute >= start && minute < end;
    return (opensOn(today, days) && minute >= start) || (opensOn(today - 1, days) && minute < end);
  });
}

function isOn(day: number, { weekdays, daysOfMonth, nth, months, years }: DayFilter): boolean {
  const { year, month, day: date } = civilFromDays(day);
  const length = daysInMonth(year, month);
  const same = Array.from({ length }, (_, index) => index + 1).filter((one) => (one - date) % 7 === 0);
  return (
    (weekdays?.has(weekdayOf(day)) ?? true) &&
    (months?.some((range) => month >= range.from && month <= range.to) ?? true) &&
    (years?.some((range) => year >= range.from && year <= range.to) ?? true) &&
    (nth?.some((one) => one.weekday === weekdayOf(day) && same.at(one.nth > 0 ? one.nth - 1 : one.nth) === date) ??
      true) &&
    (daysOfMonth?.some(({ from, to }) => {
      const low = from < 0 ? length + 1 + from : from;
      const high = to < 0 ? length + 1 + to : to;
      return date >= low && date <= high;
    }) ??
      true)
  );
}

/** Weeks in which clocks change, by more and by less than an hour, at midnight too. */
export const WEEKS = [
  ['America/New_York', '2026-03-06T00:00:00Z'],
  ['America/New_York', '2026-10-30T00:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-03T00:00:00Z'],
  ['Antarctica/Troll', '2026-03-27T00:00:00Z'],
  ['Africa/Cairo', '2026-10-28T00:00:00Z'],
  ['America/Santiago', '2026-09-04T00:00:00Z'],
  ['Pacific/Apia', '2011-12-28T00:00:00Z'],
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z'],
  ['Europe/London', '2026-10-23T00:00:00Z'],
] as const;
export const SCANNED = 5 * DAY;

const quarter = fc.integer({ min: 0, max: 95 }).map((each) => each * 15);
const range = (...ends: readonly (readonly [number, number])[]) =>
  fc.constantFrom(...ends).map(([from, to]) => [{ from, to }]);

const days: fc.Arbitrary<DayFilter> = fc.record(
  {
    weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }).map((each) => new Set(each)),
    daysOfMonth: range([25, 31], [-7, -1], [1, 5], [-31, 31], [27, -2]),
    nth: fc.array(
      fc.record({
        nth: fc.constantFrom(1, 4, 5, -1, -2),
        weekday: fc.integer({ min: 0, max: 6 }).map((each) => each as Weekday),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    months: range([1, 3], [4, 9], [10, 10], [10, 12]),
    years: range([2026, 2026], [2011, 2030], [2027, 2027]),
  },
  { requiredKeys: [] },
);

export interface WindowsInWeek {
  readonly windows: readonly Window[];
  readonly zone: string;
  /** First instant of the week. */
  readonly from: number;
}

/** Holidays, freezes and the ends of lists fall into the week. */
export const windowsInWeek: fc.Arbitrary<WindowsInWeek> = fc.constantFrom(...WEEKS).chain(([zone, begin]) => {
  const from = readInstantText(begin);
  const date = fc.integer({ min: -1, max: 5 }).map((ahead) => from / DAY + ahead);
  const freeze = fc.tuple(fc.nat(480), fc.integer({ min: 1, max: 200 })).map(([at, length]) => {
    const start = from + at * 900;
    return { from: start, to: start + length * 900 };
  });
  const window = fc.record(
    {
      rules: fc.array(fc.record({ start: quarter, end: quarter, days }), { minLength: 1, maxLength: 3 }),
      holidays: fc.array(date, { maxLength: 3 }).map((each) => new Set(each)),
      strict: fc.boolean(),
      coversUntil: date,
      freezes: fc.array(freeze, { maxLength: 2 }),
    },
    { requiredKeys: ['rules'] },
  );
  return fc.record({
    windows: fc.array(window, { minLength: 1, maxLength: 3 }),
    zone: fc.constant<string>(zone),
    from: fc.constant(from),
  });
});
