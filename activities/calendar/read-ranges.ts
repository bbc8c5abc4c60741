/** Ranges as people write them: `mon-fri`, `monday:friday`, `1:7`, `-3:-1`, `jan-mar`, `2026`. */
import type { NthWeekday, Range } from './day-filter.ts';
import type { Weekday } from './civil.ts';
import { monthNamed, weekdayNamed } from './names.ts';
import { type Problems, listOf, shown } from './problems.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly expected: string;
}

const RANGE = /^\s*(-?[A-Za-z0-9]+)\s*(?:(?::|-|–|\.\.|\bto\b)\s*(-?[A-Za-z0-9]+)\s*)?$/;
const NTH: Readonly<Record<string, number>> = { first: 1, second: 2, third: 3, fourth: 4, fifth: 5, last: -1 };
const NTH_TEXT = /^\s*(first|second|third|fourth|fifth|last|[1-5](?:st|nd|rd|th)?|-[1-5])\s+([A-Za-z]+)\s*$/i;

/** Weekdays may run over the end of the week: `fri-mon`. */
export function readWeekdays(value: unknown, place: string, problems: Problems): Set<number> {
  const days = new Set<number>();
  listOf(value).forEach((entry, index) => {
    const where = `${place}/${index}`;
    const [first, last] = ends(entry) ?? [];
    const from = first === undefined ? null : weekdayNamed(first);
    const to = last === undefined ? from : weekdayNamed(last);
    if (from === null || to === null)
      return problems.add(where, `${shown(entry)} is no weekday; expected mon-fri or sat`);
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) return null;
    }
  });
  if (days.size === 0) problems.add(place, 'no weekday is left; leave the condition out to mean every day');
  return days;
}

export const readDaysOfMonth = (value: unknown, place: string, problems: Problems): Range[] =>
  readRanges(value, place, problems, Number, {
    min: -31,
    max: 31,
    expected: 'a day from 1 to 31, from -31 to -1 counted from the end, or a range like 1:7',
  }).filter(({ from, to }, index) => {
    const zero = from === 0 || to === 0;
    const backwards = Math.sign(from) === Math.sign(to) && from > to;
    if (zero) problems.add(`${place}/${index}`, 'there is no day 0');
    if (backwards) problems.add(`${place}/${index}`, `the range ${from}:${to} runs backwards`);
    return !zero && !backwards;
  });

export const readMonths = (value: unknown, place: string, problems: Problems): Range[] =>
  forwards(
    readRanges(value, place, problems, (text) => monthNamed(text) ?? Number(text), {
      min: 1,
      max: 12,
      expected: 'a month like jan, 1 or jan-mar',
    }),
    place,
    problems,
  );

export const readYears = (value: unknown, place: string, problems: Problems): Range[] =>
  forwards(
    readRanges(value, place, problems, Number, { min: 1970, max: 9999, expected: 'a year like 2026, or 2026:2027' }),
    place,
    problems,
  );

/** `first sun`, `last fri`, `2nd tue`. */
export function readNth(value: unknown, place: string, problems: Problems): NthWeekday[] {
  return listOf(value).flatMap((entry, index) => {
    const match = typeof entry === 'string' ? NTH_TEXT.exec(entry) : null;
    const weekday = weekdayNamed(match?.[2] ?? '');
    const word = (match?.[1] ?? '').toLowerCase();
    const nth = NTH[word] ?? parseInt(word, 10);
    if (match !== null && weekday !== null) return [{ nth, weekday: weekday as Weekday }];
    problems.add(
      `${place}/${index}`,
      `${shown(entry)} is no weekday of a month; expected one like first sun or last fri`,
    );
    return [];
  });
}

function readRanges(
  value: unknown,
  place: string,
  problems: Problems,
  read: (text: string) => number,
  { min, max, expected }: Bounds,
): Range[] {
  return listOf(value).flatMap((entry, index) => {
    const [first, last] = ends(entry) ?? [];
    const from = first === undefined ? NaN : read(first);
    const to = last === undefined ? from : read(last);
    const good = [from, to].every((bound) => Number.isInteger(bound) && bound >= min && bound <= max);
    if (good) return [{ from, to }];
    problems.add(`${place}/${index}`, `${shown(entry)} is not ${expected}`);
    return [];
  });
}

function forwards(ranges: Range[], place: string, problems: Problems): Range[] {
  ranges.forEach(({ from, to }, index) => {
    if (from > to) problems.add(`${place}/${index}`, `the range ${from}:${to} runs backwards`);
  });
  return ranges;
}

function ends(entry: unknown): readonly [string, string | undefined] | null {
  if (typeof entry === 'number') return [String(entry), undefined];
  const match = typeof entry === 'string' ? RANGE.exec(entry) : null;
  return match?.[1] === undefined ? null : [match[1], match[2]];
}
