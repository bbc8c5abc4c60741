/** Definitions of windows at random, as operators write them, each with what it means: read by nothing but what made it. */
import fc from 'fast-check';
import type { Weekday } from '../../activities/calendar/civil.ts';
import type { Exclusions } from '../../activities/calendar/exclusions.ts';
import { dateText, instantText, readInstantText } from '../../activities/calendar/instant-text.ts';
import type { Window } from '../../activities/calendar/window.ts';
import { WEEKS } from './window-scan.ts';

/** A part of a definition, and what it comes to. */
interface Part<Meaning> {
  readonly written: Readonly<Record<string, unknown>>;
  readonly meant: Meaning;
}

export interface WrittenWindow {
  readonly definition: unknown;
  readonly windows: readonly Window[];
  readonly zone: string;
  /** First instant of the week that it is about. */
  readonly from: number;
}

const DAY = 86_400;
const NAMES = ['sun', 'monday', 'Tue', 'wed', 'thursday', 'FRI', 'sat'];
const ORDINALS: readonly (readonly [string, number])[] = [
  ['first', 1],
  ['4th', 4],
  ['5', 5],
  ['last', -1],
  ['-2', -2],
];
const none = fc.constant({ written: {}, meant: {} });
const oneOf = <T>(...each: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...each);

const quarter = fc.integer({ min: 0, max: 95 }).map((each) => each * 15);
const clock = (minutes: number): string => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;

const weekdayRange = fc.tuple(fc.nat(6), fc.nat(6), oneOf('-', '–', ':', ' to ', '..')).map(([first, last, sign]) => ({
  text: `${NAMES[first]}${sign}${NAMES[last]}`,
  days: Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7),
}));
const weekdays = fc.array(weekdayRange, { minLength: 1, maxLength: 2 });

const weekdaysPart = fc.tuple(weekdays, oneOf('weekdays', 'days')).map(([ranges, key]) => ({
  written: { [key]: ranges.map(({ text }) => text) },
  meant: { weekdays: new Set(ranges.flatMap(({ days }) => days)) },
}));
const nthPart = fc.tuple(oneOf(...ORDINALS), fc.nat(6)).map(([[word, nth], day]) => ({
  written: { nth: `${word} ${NAMES[day]}` },
  meant: { nth: [{ nth, weekday: day as Weekday }] },
}));
const rangePart = (key: string, meant: string, ...ranges: readonly (readonly [unknown, number, number])[]) =>
  oneOf(...ranges).map(([written, from, to]) => ({ written: { [key]: written }, meant: { [meant]: [{ from, to }] } }));

const dayParts = fc.tuple(
  fc.oneof(none, weekdaysPart),
  fc.oneof(
    none,
    rangePart('daysOfMonth', 'daysOfMonth', ['25:31', 25, 31], ['-7:-1', -7, -1], [1, 1, 1], ['27–-2', 27, -2]),
    rangePart('days_of_month', 'daysOfMonth', [['1-9'], 1, 9], [['26 to 30'], 26, 30]),
  ),
  fc.oneof({ weight: 2, arbitrary: none }, { weight: 1, arbitrary: nthPart }),
  fc.oneof(none, rangePart('months', 'months', ['jan-mar', 1, 3], ['4:9', 4, 9], [[10], 10, 10], ['December', 12, 12])),
  fc.oneof(none, rangePart('years', 'years', [2026, 2026, 2026], ['2011:2026', 2011, 2026], [['2027'], 2027, 2027])),
);

const timesParts: fc.Arbitrary<Part<readonly (readonly [number, number])[]>> = fc.oneof(
  fc
    .tuple(quarter, quarter, oneOf(['start', 'end'], ['from', 'to'], ['start_time', 'end_time']))
    .map(([start, end, [first = '', last = '']]) => ({
      written: { [first]: clock(start), [last]: clock(end) },
      meant: [[start, end]] as const,
    })),
  fc.array(fc.tuple(quarter, quarter, fc.boolean()), { minLength: 1, maxLength: 2 }).map((list) => ({
    written: {
      times: list.map(([start, end, asText]) =>
        asText ? `${clock(start)}-${clock(end)}` : { start: clock(start), end: clock(end) },
      ),
    },
    meant: list.map(([start, end]) => [start, end] as const),
  })),
  fc.constant({ written: {}, meant: [[0, 1_440]] as const }),
);

function exclusionParts(from: number): fc.Arbitrary<Part<Exclusions>> {
  const date = fc.integer({ min: -1, max: 5 }).map((ahead) => from / DAY + ahead);
  const holidays = fc.tuple(fc.array(date, { maxLength: 3 }), fc.boolean()).map(([dates, bare]) => ({
    written: { holidays: dates.map((day) => (bare ? dateText(day) : { date: dateText(day), name: 'x' })) },
    meant: { holidays: new Set(dates) },
  }));
  const strict = fc.boolean().map((each) => ({ written: { strict: each }, meant: { strict: each } }));
  const until = date.map((day) => ({ written: { coversUntil: dateText(day) }, meant: { coversUntil: day } }));
  const freezes = fc.tuple(fc.nat(480), fc.integer({ min: 1, max: 200 })).map(([at, length]) => {
    const freeze = { from: from + at * 900, to: from + (at + length) * 900 };
    return {
      written: { freezes: [{ from: instantText(freeze.from), to: instantText(freeze.to), why: 'x' }] },
      meant: { freezes: [freeze] },
    };
  });
  return fc
    .tuple(fc.oneof(none, holidays), fc.oneof(none, strict), fc.oneof(none, until), fc.oneof(none, freezes))
    .map((parts) => together<Exclusions>(parts));
}

const together = <Meaning extends object>(parts: readonly Part<object>[]): Part<Meaning> => ({
  written: Object.assign({}, ...parts.map(({ written }) => written)) as Readonly<Record<string, unknown>>,
  meant: Object.assign({}, ...parts.map(({ meant }) => meant)) as Meaning,
});

interface WrittenEntry {
  readonly entry: unknown;
  readonly window: Window;
}

const textEntry: fc.Arbitrary<WrittenEntry> = fc
  .tuple(fc.oneof(fc.constant(null), weekdays), quarter, quarter, oneOf('-', '–', ' to '))
  .map(([days, start, end, sign]) => ({
    entry: `${days === null ? 'daily' : days.map(({ text }) => text).join(', ')} ${clock(start)}${sign}${clock(end)}`,
    window: {
      rules: [{ start, end, days: days === null ? {} : { weekdays: new Set(days.flatMap((each) => each.days)) } }],
    },
  }));

const objectEntry = (from: number): fc.Arbitrary<WrittenEntry> =>
  fc.tuple(dayParts, timesParts, exclusionParts(from)).map(([dayList, times, exclusions]) => {
    const days = together<Window['rules'][number]['days']>(dayList);
    return {
      entry: { ...days.written, ...times.written, ...exclusions.written },
      window: {
        ...exclusions.meant,
        rules: times.meant.map(([start, end]) => ({ start, end, days: days.meant })),
      },
    };
  });

/** Excluded by the entry, or beside all of them. */
const alsoExcluding = (window: Window, more: Exclusions): Window => ({
  rules: window.rules,
  holidays: new Set([...(window.holidays ?? []), ...(more.holidays ?? [])]),
  strict: window.strict === true || more.strict === true,
  coversUntil: Math.min(window.coversUntil ?? Infinity, more.coversUntil ?? Infinity),
  freezes: [...(window.freezes ?? []), ...(more.freezes ?? [])],
});

export const writtenWindow: fc.Arbitrary<WrittenWindow> = fc.constantFrom(...WEEKS).chain(([zone, begin]) => {
  const from = readInstantText(begin);
  const entries = fc.array(fc.oneof(textEntry, objectEntry(from)), { minLength: 1, maxLength: 3 });
  return fc
    .tuple(entries, exclusionParts(from), oneOf('single', 'list', 'any', 'any in a list'))
    .map(([list, beside, form]) => {
      const [first, written] = [list[0] as WrittenEntry, list.map(({ entry }) => entry)];
      const around = { any: written, ...beside.written };
      if (form === 'single') return { definition: first.entry, windows: [first.window], zone, from };
      if (form === 'list') return { definition: written, windows: list.map(({ window }) => window), zone, from };
      const windows = list.map(({ window }) => alsoExcluding(window, beside.meant));
      return { definition: form === 'any' ? around : [around], windows, zone, from };
    });
});

/** An object within a definition, with its place. */
export interface Node {
  readonly place: string;
  readonly value: Record<string, unknown>;
}

/** A copy of a definition, and every object in it: changing one changes the copy. */
export function opened(definition: unknown): { readonly copy: unknown; readonly nodes: readonly Node[] } {
  const copy = structuredClone(definition);
  const nodes: Node[] = [];
  const walk = (value: unknown, place: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) nodes.push({ place, value: value as Record<string, unknown> });
    for (const [key, each] of Object.entries(value)) walk(each, `${place}/${key}`);
  };
  walk(copy, '');
  return { copy, nodes };
}
