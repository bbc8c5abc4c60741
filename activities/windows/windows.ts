/**
 * The named windows of an installation: is one open at an instant, until when, and if not, when next? Every doubt is closed with a reason
 * (a list of holidays that is out of date, a zone that vanished, zone data that cannot be read), and nothing is ever thrown.
 */
import { HORIZON, type Spans, openingAt } from '../calendar/next-opening.ts';
import type { ZoneData } from '../calendar/zone-data.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import { type WindowSource, compileWindows } from './compile-windows.ts';
import type { WindowDefinitions } from './window-definitions.ts';

export interface WindowAnswer {
  readonly open: boolean;
  /** While it is closed: when it opens next, ms since 1970; null: not within 400 days. Null while it is open. */
  readonly opensAt: number | null;
  /** When that stretch, or the one it is in, closes, ms since 1970; null: not within 400 days. */
  readonly closesAt: number | null;
  /** One line for people: what closed it and when it opens, or until when it is open, in local time. */
  readonly why: string;
  /** Closed because something is not known; to be asked again, as it may be mended. */
  readonly doubt: boolean;
  /** Release of the zone data, such as `2026f`; `unknown` when there is none. */
  readonly tz: string;
}

export interface Windows {
  readonly names: readonly string[];
  /**
   * `where`: the region in which is acted, or a zone. A stretch with less than `needMs` left is none: it counts as closed. Never throws.
   */
  at(use: WindowUse, where: string, atMs: number, needMs?: number): WindowAnswer;
  /** The stretches of [fromMs, toMs) in which it is open, cut at both ends. Throws, with the reason, while it is in doubt. */
  openings(use: WindowUse, where: string, fromMs: number, toMs: number): readonly LocalStretch[];
}

export interface LocalStretch {
  /** Ms since 1970. */
  readonly from: number;
  readonly to: number;
  /** Both in local time, with offset and zone. */
  readonly local: readonly [from: string, to: string];
}

/** `zones` is asked each time, so that a new release takes effect; `zoneOf` names the zone of a region. */
export function createWindows(
  definitions: WindowDefinitions,
  zones: () => ZoneData,
  zoneOf: (region: string) => string | undefined,
): Windows {
  const find = compileWindows(definitions, zoneOf);
  return {
    names: Object.keys(definitions.windows),
    at: (use, where, atMs, needMs = 0) => {
      let tz = 'unknown';
      try {
        const data = zones();
        tz = data.tzdb;
        return { ...answer(find(use, where, data), Math.floor(atMs / 1_000), Math.ceil(needMs / 1_000)), tz };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { open: false, opensAt: null, closesAt: null, why: `closed by doubt: ${why}`, doubt: true, tz };
      }
    },
    openings: (use, where, fromMs, toMs) => {
      const source = find(use, where, zones());
      return source
        .spans(Math.floor(fromMs / 1_000), Math.floor(toMs / 1_000))
        .map(({ from, to }) => ({ from: from * 1_000, to: to * 1_000, local: [source.text(from), source.text(to)] }));
    },
  };
}

interface Stretch {
  readonly opensAt: number | null;
  readonly closesAt: number | null;
}

function answer(source: WindowSource, at: number, need: number): Omit<WindowAnswer, 'tz'> {
  const now = openingAt(source.spans, at);
  if (now.open && (now.closesAt ?? Infinity) - at >= need)
    return { open: true, opensAt: null, closesAt: ms(now.closesAt), why: openText(source, now.closesAt), doubt: false };
  const next = nextStretch(source.spans, now.open ? now.closesAt : at, at + HORIZON, need);
  const reason = now.open
    ? `open until ${source.text(now.closesAt)}, and ${minutes(need)} are needed`
    : (source.shut(at) ?? 'outside its hours');
  const later = next.opensAt === null ? null : `opens ${source.text(next.opensAt)}`;
  const doubt = later === null ? source.doubt(at) : null;
  const never = `does not open within 400 days${need === 0 ? '' : ` for ${minutes(need)}`}`;
  const why = `closed: ${doubt ?? reason}; ${later ?? never}`;
  return { open: false, opensAt: ms(next.opensAt), closesAt: ms(next.closesAt), why, doubt: doubt !== null };
}

/** The first stretch from `from` on that is long enough. Bounded: it goes on by a stretch each time, up to the horizon. */
function nextStretch(spans: Spans, from: number | null, horizon: number, need: number): Stretch {
  for (let at = from; at !== null && at < horizon;) {
    const { opensAt, closesAt } = openingAt(spans, at);
    if (opensAt === null || opensAt > horizon) break;
    if (closesAt === null || closesAt - opensAt >= need) return { opensAt, closesAt };
    at = closesAt;
  }
  return { opensAt: null, closesAt: null };
}

const openText = (source: WindowSource, closesAt: number | null): string =>
  closesAt === null ? 'open for the next 400 days' : `open until ${source.text(closesAt)}`;

const ms = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1_000);

const minutes = (seconds: number): string => `${Math.ceil(seconds / 60)} min`;
