/** What a window comes to in the days ahead, in one place: its stretches, what is excluded and why, and the days on which clocks change. */
import { DAY, floorDiv } from '../../activities/calendar/civil.ts';
import { zonedText } from '../../activities/calendar/instant-text.ts';
import { type Span, union, without } from '../../activities/calendar/spans.ts';
import type { Period, Zone } from '../../activities/calendar/zone.ts';
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import { compileWindows } from '../../activities/windows/compile-windows.ts';
import type { WindowDefinitions } from '../../activities/windows/window-definitions.ts';
import { windowName } from '../../workflows/kit/window-message.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';

/** Instants are seconds since 1970, UTC. */
export interface WindowPreview {
  readonly name: string;
  /** The region, or zone, it was asked for. */
  readonly where: string;
  readonly zone: Zone;
  readonly span: Span;
  /** Open, in order. */
  readonly open: readonly Span[];
  /** Would be open but for a holiday, a freeze, or the end of a list. */
  readonly excluded: readonly (Span & { readonly why: string })[];
  readonly changes: readonly ClockChange[];
}

export interface ClockChange {
  readonly at: number;
  /** Seconds east of UTC. */
  readonly before: number;
  readonly after: number;
}

export interface PreviewOptions {
  readonly use: WindowUse;
  readonly where: string;
  readonly from: number;
  readonly days: number;
}

type ZoneOf = (region: string) => string | undefined;

/** Whole local days from the one that `from` is in. Throws, with the reason, when the window or its zone is not known. */
export function previewWindow(
  { use, where, from, days }: PreviewOptions,
  definitions: WindowDefinitions,
  zones: ZoneData,
  zoneOf: ZoneOf,
): WindowPreview {
  const source = compileWindows(definitions, zoneOf)(use, where, zones);
  const hours = compileWindows(withoutExclusions(definitions), zoneOf)(use, where, zones);
  const zone = zones.zone(zoneIn(source.text(from)));
  const first = floorDiv(from + zone.periodAt(from).offset, DAY);
  const span = { from: instantOf(zone, first * DAY), to: instantOf(zone, (first + days) * DAY) };
  const within = (spans: readonly Span[]): Span[] =>
    union(spans).filter((each) => each.to > span.from && each.from < span.to);
  const open = within(source.spans(span.from - DAY, span.to + DAY));
  const excluded = without(within(hours.spans(span.from - DAY, span.to + DAY)), open).map((each) => ({
    ...each,
    why: source.shut(each.from) ?? source.doubt(each.from) ?? 'excluded',
  }));
  return { name: windowName(use), where, zone, span, open, excluded, changes: changesIn(zone, span) };
}

/** `2026-11-24T02:30:00-07:00[America/Vancouver]` */
export const localText = (zone: Zone, instant: number): string =>
  zonedText(instant, zone.periodAt(instant).offset, zone.id);

/** Where clocks change in it. */
export function changesIn(zone: Zone, { from, to }: Span): ClockChange[] {
  const periods = zone.periods(from, to);
  return periods.slice(1).map((period, index) => ({
    at: period.from,
    before: periods[index]?.offset ?? period.offset,
    after: period.offset,
  }));
}

/** The first instant at which the wall shows this reading or a later one. */
export function instantOf(zone: Zone, reading: number): number {
  const begins = ({ from, to, offset }: Period): number => Math.min(Math.max(reading - offset, from), to);
  const period = zone.periods(reading - DAY, reading + DAY).find(({ to, offset }) => to + offset > reading);
  return period === undefined ? reading : begins(period);
}

const zoneIn = (text: string): string => /\[(.+)\]$/.exec(text)?.[1] ?? 'UTC';

const EXCLUSIONS = ['exclude', 'holidays', 'coversUntil', 'freezes'];

/** The hours alone: what lies between them and the window was excluded. */
const withoutExclusions = ({ windows }: WindowDefinitions): WindowDefinitions => ({
  windows: Object.fromEntries(
    Object.entries(windows).map(([name, definition]) => [
      name,
      isRecord(definition) ? hoursOf(definition) : definition,
    ]),
  ),
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hoursOf = (definition: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(definition).filter(([field]) => !EXCLUSIONS.includes(field)));
