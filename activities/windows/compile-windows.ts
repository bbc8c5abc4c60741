/**
 * Makes the definitions of windows ready for questions: each is read once, and looked up with the zone data and the lists of holidays of
 * the moment. What cannot be known throws, with the reason; `createWindows` makes it closed.
 */
import { openingAt, type Spans } from '../calendar/next-opening.ts';
import { zonedText } from '../calendar/instant-text.ts';
import { Problems } from '../calendar/problems.ts';
import { intersection, union } from '../calendar/spans.ts';
import type { ZoneData } from '../calendar/zone-data.ts';
import { isZoneId } from '../calendar/zone-id.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import { type NamedWindow, readNamedWindow, readOver } from './read-named-window.ts';
import { type Place, createPlace } from './place.ts';
import type { WindowDefinitions } from './window-definitions.ts';

/** A window where it is asked about. */
export interface WindowSource {
  readonly spans: Spans;
  /** `2026-11-24T02:30:00-07:00[America/Vancouver]` */
  text(instant: number | null): string;
  /** What closes it at this instant although its hours are open; null: nothing. */
  shut(at: number): string | null;
  /** Why it is not known whether it opens after this instant; null: it is known. */
  doubt(at: number): string | null;
}

type Find = (use: WindowUse, where: string, zones: ZoneData) => WindowSource;

export function compileWindows(definitions: WindowDefinitions, zoneOf: (region: string) => string | undefined): Find {
  const read = new Map(Object.entries(definitions.windows).map(([name, each]) => [name, attempt(each)]));
  return (use, where, zones) => {
    const { name, over } =
      typeof use === 'string' ? { name: use, over: null } : { name: use.window, over: overOf(use) };
    const window = read.get(name);
    if (window === undefined)
      throw new Error(`window ${JSON.stringify(name)} is not configured; there are: ${[...read.keys()].join(', ')}`);
    const named = window();
    const places = regionsOf(named, over, where).map(
      (region) => () =>
        createPlace({ name, named, region, definitions, zones, zoneOf: isZoneId(region) ? same : zoneOf }),
    );
    return combine((over ?? named.over)?.how ?? 'each', places);
  };
}

const same = (zone: string): string => zone;

/** A runbook that no types have checked may say anything: what is not understood closes the window. */
function overOf({ over, regions, window: _name, ...others }: Exclude<WindowUse, string>): NamedWindow['over'] {
  const problems = new Problems();
  for (const key of Object.keys(others)) problems.add(`/${key}`, 'unknown; expected window, over and regions');
  const read = readOver(over, regions, problems);
  if (read === null) problems.add('/over', 'missing; expected all, any or each, with regions');
  problems.done('bad-window');
  return read;
}

/** What is wrong with a definition is told whenever it is asked for. */
function attempt(definition: unknown): () => NamedWindow {
  try {
    const named = readNamedWindow(definition);
    return () => named;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function regionsOf(named: NamedWindow, asked: NamedWindow['over'], where: string): readonly string[] {
  const over = asked ?? named.over;
  if (over === null) return [where];
  if (over.how !== 'each') return over.regions;
  if (over.regions.includes(where)) return [where];
  throw new Error(`it is for the regions ${over.regions.join(', ')}, and this is ${where}`);
}

/** `any` is as open as those of its regions that are known; for `all`, one that is not known closes it. */
function combine(how: 'all' | 'any' | 'each', makers: readonly (() => Place)[]): WindowSource {
  const { places, doubts } = how === 'any' ? known(makers) : { places: makers.map((make) => make()), doubts: [] };
  const [first] = places;
  if (first === undefined) throw new Error(doubts.join('; '));
  const spansOf =
    (endless: boolean): Spans =>
    (from, to) => {
      const all = places.map((place) => place.spans(from, to, endless));
      return how === 'all' ? all.reduce((one, other) => intersection(one, other)) : union(all.flat());
    };
  return {
    spans: spansOf(false),
    text: (instant) => (instant === null ? 'later than 400 days from now' : zoned(first, instant)),
    shut: (at) => places.map((place) => place.shut(at)).find((reason) => reason !== null) ?? null,
    doubt: (at) => {
      const ends = places.flatMap((place) => place.listEnd ?? []);
      if (ends.length > 0 && opensAtAll(spansOf(true), at)) return ends.join('; ');
      return doubts.length > 0 ? doubts.join('; ') : null;
    },
  };
}

function opensAtAll(spans: Spans, at: number): boolean {
  const { open, opensAt } = openingAt(spans, at);
  return open || opensAt !== null;
}

const zoned = ({ zone }: Place, instant: number): string => zonedText(instant, zone.periodAt(instant).offset, zone.id);

function known(makers: readonly (() => Place)[]): { readonly places: Place[]; readonly doubts: string[] } {
  const [places, doubts]: [Place[], string[]] = [[], []];
  for (const make of makers)
    try {
      places.push(make());
    } catch (error) {
      doubts.push(error instanceof Error ? error.message : String(error));
    }
  return { places, doubts };
}
