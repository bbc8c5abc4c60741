/** What closes a window although its hours are open: dates, the end of a list of dates, stretches of absolute time. */
import { readDateText, readInstantText } from './instant-text.ts';
import { type Problems, isRecord, listOf, shown, textOf } from './problems.ts';
import { type Fields, readFields } from './read-fields.ts';
import type { Span } from './spans.ts';

export interface Exclusions {
  /** Local dates (days since 1970) on which nothing opens. */
  readonly holidays?: ReadonlySet<number>;
  /** Whether a window that opened before is cut by a holiday as well. */
  readonly strict?: boolean;
  /** Last local date the list of holidays speaks for: nothing opens after it. */
  readonly coversUntil?: number;
  /** Stretches of absolute time in which nothing is open. */
  readonly freezes?: readonly Span[];
}

export const EXCLUSIONS = ['holidays', 'strict', 'coversUntil', 'freezes'];
const FREEZE = {
  names: ['from', 'to', 'why'],
  spellings: new Map([
    ['start', 'from'],
    ['end', 'to'],
  ]),
};
const HOLIDAY = { names: ['date', 'name', 'source'] };
/** One definition must not make every decision slow. */
const MAX_DATES = 10_000;

export function readExclusions(fields: Fields, place: string, problems: Problems): Exclusions {
  const { holidays, strict, coversUntil, freezes } = fields;
  if (strict !== undefined && typeof strict !== 'boolean')
    problems.add(`${place}/strict`, `${shown(strict)} is neither true nor false`);
  const until =
    coversUntil === undefined ? null : problems.within(`${place}/coversUntil`, () => readDateText(textOf(coversUntil)));
  return {
    ...(holidays === undefined ? {} : { holidays: new Set(readHolidays(holidays, `${place}/holidays`, problems)) }),
    ...(strict === undefined ? {} : { strict: strict === true }),
    ...(until === null ? {} : { coversUntil: until }),
    ...(freezes === undefined ? {} : { freezes: readFreezes(freezes, `${place}/freezes`, problems) }),
  };
}

/** Dates, or `{ date, name, source }`; days since 1970. */
export function readHolidays(value: unknown, place: string, problems: Problems): number[] {
  const list = listOf(value);
  if (list.length > MAX_DATES) problems.add(place, `${list.length} dates; expected at most ${MAX_DATES}`);
  return list.slice(0, MAX_DATES).flatMap((entry, index) => {
    const at = `${place}/${index}`;
    const date = isRecord(entry) ? readFields(entry, HOLIDAY, at, problems)['date'] : entry;
    return problems.within(at, () => readDateText(textOf(date))) ?? [];
  });
}

function readFreezes(value: unknown, place: string, problems: Problems): Span[] {
  return listOf(value).flatMap((entry, index) => {
    const at = `${place}/${index}`;
    if (!isRecord(entry)) {
      problems.add(at, `${shown(entry)} is no freeze; expected { from, to } as instants`);
      return [];
    }
    const fields = readFields(entry, FREEZE, at, problems);
    const from = problems.within(`${at}/from`, () => readInstantText(textOf(fields['from'])));
    const to = problems.within(`${at}/to`, () => readInstantText(textOf(fields['to'])));
    if (from === null || to === null) return [];
    if (from < to) return [{ from, to }];
    problems.add(at, 'ends before it begins');
    return [];
  });
}

/** Closed by either. */
export function bothExclusions(one: Exclusions, other: Exclusions): Exclusions {
  const coversUntil = Math.min(one.coversUntil ?? Infinity, other.coversUntil ?? Infinity);
  return {
    ...(one.holidays === undefined && other.holidays === undefined
      ? {}
      : { holidays: bothSets(one.holidays ?? NONE, other.holidays ?? NONE) }),
    strict: one.strict === true || other.strict === true,
    ...(coversUntil === Infinity ? {} : { coversUntil }),
    freezes: [...(one.freezes ?? []), ...(other.freezes ?? [])],
  };
}

const NONE: ReadonlySet<number> = new Set();

/** A list of thousands is not copied for nothing. */
function bothSets(one: ReadonlySet<number>, other: ReadonlySet<number>): ReadonlySet<number> {
  if (one.size === 0) return other;
  return other.size === 0 ? one : new Set([...one, ...other]);
}
