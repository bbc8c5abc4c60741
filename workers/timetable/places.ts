/** What a timetable needs to know of each of its regions: the zone in which its times are told, the openings, what is excluded, the clocks. */
import { DAY } from '../../activities/calendar/civil.ts';
import type { Span } from '../../activities/calendar/spans.ts';
import type { Zone } from '../../activities/calendar/zone.ts';
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import type { WindowDefinitions } from '../../activities/windows/window-definitions.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import { type ClockChange, changesIn, previewWindow } from '../windows/window-preview.ts';
import type { Timetable } from './timetable.ts';

export interface TimetablePlace {
  readonly region: string;
  /** Of the region, else of the window; UTC when neither has one. */
  readonly zone: Zone;
  /** Open, in order. */
  readonly open: readonly Span[];
  readonly excluded: readonly (Span & { readonly why: string })[];
  /** Of the region's clocks, and of the window's where it keeps to others. */
  readonly changes: readonly (ClockChange & { readonly zone: string })[];
}

export interface PlacesQuestion {
  readonly use: WindowUse;
  readonly regions: readonly string[];
  readonly span: Span;
  readonly definitions: WindowDefinitions;
  readonly zones: ZoneData;
  readonly zoneOf: (region: string) => string | undefined;
}

/** From a little before it is told until a little after its end. */
export function spanOf({ at, waves }: Pick<Timetable, 'at' | 'waves'>): Span {
  const last = Math.max(at, ...waves.flatMap(({ soaksUntil }) => soaksUntil ?? []));
  const margin = Math.max(3_600, (last - at) / 24);
  return { from: Math.floor(at - margin), to: Math.ceil(Math.max(last + margin, at + DAY)) };
}

/** Never throws: a window that is in doubt has no openings. */
export const placesOf = ({ regions, ...asked }: PlacesQuestion): readonly TimetablePlace[] =>
  regions.map((region) => placeOf(region, asked));

function placeOf(
  region: string,
  { use, span, definitions, zones, zoneOf }: Omit<PlacesQuestion, 'regions'>,
): TimetablePlace {
  const days = Math.ceil((span.to - span.from) / DAY) + 1;
  const preview = known(() => previewWindow({ use, where: region, from: span.from, days }, definitions, zones, zoneOf));
  const zone = known(() => zones.zone(zoneOf(region) ?? '')) ?? preview?.zone ?? zones.zone('UTC');
  const clocks = [...new Set([zone, preview?.zone ?? zone])];
  return {
    region,
    zone,
    open: preview?.open ?? [],
    excluded: preview?.excluded ?? [],
    changes: clocks.flatMap((each) => changesIn(each, span).map((change) => ({ ...change, zone: each.id }))),
  };
}

/** Null for what is in doubt: the waves say why. */
function known<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
