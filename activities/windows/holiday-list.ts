/** Lists of holidays, and freezes, as the configuration writes them. A list speaks up to its `coversUntil`; nothing opens after it. */
import { readDateText, readInstantText } from '../calendar/instant-text.ts';
import { readHolidays } from '../calendar/exclusions.ts';
import { Problems, isRecord, shown, textOf } from '../calendar/problems.ts';
import type { Span } from '../calendar/spans.ts';

export interface HolidayList {
  /** Days since 1970. */
  readonly dates: ReadonlySet<number>;
  /** Last date it speaks for, days since 1970. */
  readonly coversUntil: number;
}

export interface Freeze extends Span {
  readonly why: string;
}

/** `{ dates: [2026-12-25, { date, name }], coversUntil: 2027-12-31 }`. Throws CalendarError `bad-holidays`. */
export function readHolidayList(definition: unknown): HolidayList {
  const problems = new Problems();
  const { dates, coversUntil, ...rest } = isRecord(definition) ? definition : {};
  for (const key of Object.keys(rest)) problems.add(`/${key}`, 'unknown; expected dates and coversUntil');
  if (dates === undefined) problems.add('', 'has no dates; expected a list like [2026-12-25]');
  const read = dates === undefined ? [] : readHolidays(dates, '/dates', problems);
  const until =
    coversUntil === undefined
      ? problems.add('', 'does not say until when it speaks; expected coversUntil: a date')
      : problems.within('/coversUntil', () => readDateText(textOf(coversUntil)));
  problems.done('bad-holidays');
  return { dates: new Set(read), coversUntil: until ?? 0 };
}

/** `{ from, to, why }` with instants of RFC 3339. Throws CalendarError `bad-freeze`. */
export function readFreeze(definition: unknown): Freeze {
  const problems = new Problems();
  const { from, to, why = '', ...rest } = isRecord(definition) ? definition : {};
  for (const key of Object.keys(rest)) problems.add(`/${key}`, 'unknown; expected from, to and why');
  const begin = problems.within('/from', () => readInstantText(textOf(from)));
  const end = problems.within('/to', () => readInstantText(textOf(to)));
  if (begin !== null && end !== null && end <= begin) problems.add('/to', `${shown(to)} is not after ${shown(from)}`);
  problems.done('bad-freeze');
  return { from: begin ?? 0, to: end ?? 0, why: textOf(why) };
}
