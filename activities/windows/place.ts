/** One window in one place: its layers in their zones, and what is excluded there. */
import { DAY, floorDiv } from '../calendar/civil.ts';
import { type Exclusions, bothExclusions } from '../calendar/exclusions.ts';
import { dateText, instantText } from '../calendar/instant-text.ts';
import { type Span, union } from '../calendar/spans.ts';
import { type Window, openSpans } from '../calendar/window.ts';
import type { Zone } from '../calendar/zone.ts';
import type { ZoneData } from '../calendar/zone-data.ts';
import type { WindowDefinitions } from './window-definitions.ts';
import type { Freeze, HolidayList } from './holiday-list.ts';
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
  const shared = exclusionsOf(lists, freezes, named.strict);
  const layers = named.layers.map(({ window, zone }) => ({
    window: { ...bothExclusions(window, shared), rules: window.rules },
    zone: zones.zone(zone ?? zoneOf(region) ?? noZone(name, region)),
  }));
  const [first] = layers;
  if (first === undefined) throw new Error(`window ${name} has no hours`);
  const end = Math.min(...layers.map(({ window }) => window.coversUntil ?? Infinity));
  return {
    zone: first.zone,
    listEnd: end === Infinity ? null : endText(lists, end),
    spans: (from, to, endless) =>
      union(layers.flatMap(({ window, zone }) => openSpans([endless ? withoutEnd(window) : window], zone, from, to))),
    shut: (at) => {
      const opens = layers.find(({ window: { rules }, zone }) => openSpans([{ rules }], zone, at, at + 1).length > 0);
      return opens === undefined ? null : reasonOf(opens, lists, freezes, at);
    },
  };
}

interface Hours {
  readonly window: Window;
  readonly zone: Zone;
}

/** Why hours that would be open at this instant are not. */
function reasonOf({ window, zone }: Hours, lists: readonly NamedList[], named: readonly Freeze[], at: number): string {
  const isNow = ({ from, to }: Span): boolean => from <= at && at < to;
  const freeze = window.freezes?.find(isNow);
  if (freeze !== undefined) {
    const { to = freeze.to, why = '' } = named.find(isNow) ?? {};
    return `frozen until ${instantText(to)}${why && ` (${why})`}`;
  }
  const { holidays, coversUntil: end = Infinity } = window;
  const day = floorDiv(at + zone.periodAt(at).offset, DAY);
  const date = [day, day - 1].find((each) => holidays?.has(each) === true);
  if (date !== undefined && day <= end) return `${listOf(lists, date)} has ${dateText(date)}`;
  return day > end ? endText(lists, end) : 'excluded';
}

const endText = (lists: readonly NamedList[], end: number): string =>
  `${sourceOf(lists, end)} ${LIST_ENDS} ${dateText(end)}`;

type NamedList = HolidayList & { readonly list: string };

function holidaysOf({ holidays }: WindowDefinitions, name: string): HolidayList {
  const read = holidays?.[name];
  if (read !== undefined) return read();
  const there = Object.keys(holidays ?? {}).join(', ') || 'none';
  throw new Error(`holidays:${name} is not configured; there are: ${there}`);
}

const exclusionsOf = (lists: readonly NamedList[], freezes: readonly Span[], strict: boolean): Exclusions =>
  lists
    .map(({ dates, coversUntil }): Exclusions => ({ holidays: dates, coversUntil }))
    .reduce((all, each) => bothExclusions(all, each), { strict, freezes });

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
