/** One window in one place: its layers in their zones, and what is excluded there. */
import { DAY, floorDiv } from '../calendar/civil.ts';
import { dateText, instantText } from '../calendar/instant-text.ts';
import { type Span, union } from '../calendar/spans.ts';
import { type Window, openSpans } from '../calendar/window.ts';
import type { Zone } from '../calendar/zone.ts';
import type { ZoneData } from '../calendar/zone-data.ts';
import type { WindowDefinitions } from './window-definitions.ts';
import type { HolidayList } from './holiday-list.ts';
import type { NamedWindow } from './read-named-window.ts';

export interface Place {
  /** In which its times are told. */
  readonly zone: Zone;
  /** Until when a list of holidays speaks for it; null: it needs none. */
  readonly listEnd: string | null;
  /** `endless`: as if the lists of holidays never ended. */
  spans(from: number, to: number, endless: boolean): Span[];
  /** What closes it although its hours are open. */
  shut(at: number): string | null;
}

export interface PlaceOptions {
  readonly name: string;
  readonly named: NamedWindow;
  readonly region: string;
  readonly definitions: WindowDefinitions;
  readonly zones: ZoneData;
  readonly zoneOf: (region: string) => string | undefined;
}

/** How it is told that a list of holidays is out of date. */
export const LIST_ENDS = 'speaks only until';

/** Throws, with the reason, when its zone or one of its lists is not known. */
export function createPlace({ name, named, region, definitions, zones, zoneOf }: PlaceOptions): Place {
  const lists = named.holidays.map((list) => ({ list, ...holidaysOf(definitions, list) }));
  const freezes = named.freezes ? (definitions.freezes ?? []) : [];
  const layers = named.layers.map(({ window, zone }) => ({
    window: excluding(window, named.strict, lists, freezes),
    rules: window.rules,
    zone: zones.zone(zone ?? zoneOf(region) ?? noZone(name, region)),
  }));
  const [first] = layers;
  if (first === undefined) throw new Error(`window ${name} has no hours`);
  const isHoliday = (day: number): boolean => layers.some(({ window }) => window.holidays?.has(day) === true);
  const end = Math.min(...layers.map(({ window }) => window.coversUntil ?? Infinity));
  const endsAt = end === Infinity ? null : `${sourceOf(lists, end)} ${LIST_ENDS} ${dateText(end)}`;
  return {
    zone: first.zone,
    listEnd: endsAt,
    spans: (from, to, endless) =>
      union(layers.flatMap(({ window, zone }) => openSpans(endless ? withoutEnd(window) : window, zone, from, to))),
    shut: (at) => {
      const opens = layers.find(({ rules, zone }) => openSpans({ rules }, zone, at, at + 1).length > 0);
      if (opens === undefined) return null;
      const freeze = freezes.find(({ from, to }) => from <= at && at < to);
      if (freeze !== undefined) return `frozen until ${instantText(freeze.to)}${freeze.why && ` (${freeze.why})`}`;
      const day = floorDiv(at + opens.zone.periodAt(at).offset, DAY);
      const date = [day, day - 1].find(isHoliday);
      if (date !== undefined && day <= end) return `${listOf(lists, date)} has ${dateText(date)}`;
      return day > end || day - 1 > end ? endsAt : 'excluded';
    },
  };
}

type NamedList = HolidayList & { readonly list: string };

function holidaysOf({ holidays }: WindowDefinitions, name: string): HolidayList {
  const read = holidays?.[name];
  if (read !== undefined) return read();
  const there = Object.keys(holidays ?? {}).join(', ') || 'none';
  throw new Error(`holidays:${name} is not configured; there are: ${there}`);
}

function excluding(window: Window, strict: boolean, lists: readonly NamedList[], freezes: readonly Span[]): Window {
  const sets = [...(window.holidays === undefined ? [] : [window.holidays]), ...lists.map(({ dates }) => dates)];
  const end = Math.min(window.coversUntil ?? Infinity, ...lists.map(({ coversUntil }) => coversUntil));
  return {
    rules: window.rules,
    holidays: sets.length === 1 ? (sets[0] ?? new Set()) : new Set(sets.flatMap((each) => [...each])),
    strict: strict || window.strict === true,
    ...(end === Infinity ? {} : { coversUntil: end }),
    freezes: [...(window.freezes ?? []), ...freezes],
  };
}

function withoutEnd({ coversUntil: _end, ...window }: Window): Window {
  return window;
}

function noZone(name: string, region: string): never {
  throw new Error(`window ${name} has no zone, and region ${JSON.stringify(region)} has none either`);
}

const listOf = (lists: readonly NamedList[], day: number): string =>
  `holidays:${lists.find(({ dates }) => dates.has(day))?.list ?? '(its own)'}`;

const sourceOf = (lists: readonly NamedList[], end: number): string =>
  `holidays:${lists.find(({ coversUntil }) => coversUntil === end)?.list ?? '(its own)'}`;
