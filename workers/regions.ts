/** The regions of an installation with every default filled in, and what no schema can say about them. */
import { CalendarError } from '../activities/calendar/calendar-error.ts';
import type { ZoneData } from '../activities/calendar/zone-data.ts';
import type { Problem } from '../triggers/events/check.ts';
import {
  NO_WORKER_AFTER_MS,
  RUNBOOK_QUEUE,
  type RegionRule,
  type WhenNoWorker,
  activityQueue,
} from '../workflows/kit/run-context.ts';
import { durationMs } from './duration.ts';
import type { RegionEntry } from './regions-schema.ts';

export interface Region {
  readonly name: string;
  /** IANA name; null when the configuration says none: what needs its local time is closed. */
  readonly zone: string | null;
  /** Task queue of its activity workers. */
  readonly queue: string;
  /** Null: the server of the installation. */
  readonly natsUrl: string | null;
  /** JetStream domain of its streams; null: the server's own. */
  readonly natsDomain: string | null;
  readonly failOver: readonly string[];
  readonly whenNoWorker: WhenNoWorker;
  readonly noWorkerAfterMs: number;
}

export function readRegions(entries: readonly RegionEntry[]): readonly Region[] {
  return entries.map((entry) => {
    const { name, ...said }: Partial<Exclude<RegionEntry, string>> & { readonly name: string } =
      typeof entry === 'string' ? { name: entry } : entry;
    return {
      name,
      zone: said.zone ?? null,
      queue: said.queue ?? activityQueue(name),
      natsUrl: said.nats?.url ?? null,
      natsDomain: said.nats?.domain ?? null,
      failOver: said.failOver ?? [],
      whenNoWorker: said.whenNoWorker ?? 'wait',
      noWorkerAfterMs: said.noWorkerAfter === undefined ? NO_WORKER_AFTER_MS : durationMs(said.noWorkerAfter),
    };
  });
}

/** Rejects a region that is not configured. */
export function regionOf({ places }: { readonly places: readonly Region[] }, name: string): Region {
  const found = places.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(
      `region ${JSON.stringify(name)} is not configured; expected one of ${places.map((each) => each.name).join(', ')}`,
    );
  return found;
}

/** Its IANA zone; null when it has none. */
export const zoneOf = (config: { readonly places: readonly Region[] }, name: string): string | null =>
  regionOf(config, name).zone;

/** What a run takes along of the regions: their names, and what differs from the defaults, because a memo is small. */
export function regionRules({ places }: { readonly places: readonly Region[] }): Readonly<Record<string, RegionRule>> {
  const rules = places.map(({ name, queue, failOver, whenNoWorker, noWorkerAfterMs }) => {
    const rule: RegionRule = {
      ...(queue === activityQueue(name) ? {} : { queue }),
      ...(failOver.length === 0 ? {} : { failOver }),
      ...(whenNoWorker === 'wait' ? {} : { whenNoWorker }),
      ...(noWorkerAfterMs === NO_WORKER_AFTER_MS ? {} : { noWorkerAfterMs }),
    };
    return [name, rule] as const;
  });
  return Object.fromEntries(rules);
}

/** Regions that may let this one act for them: its workers take their targets as well. */
export const standsInFor = ({ places }: { readonly places: readonly Region[] }, region: string): readonly string[] =>
  places.flatMap(({ name, failOver }) => (failOver.includes(region) ? [name] : []));

/** Zone data is read only when a region has a zone. */
export function regionProblems(regions: readonly Region[], zones: () => ZoneData): Problem[] {
  const names = regions.map(({ name }) => name);
  const problems = regions.flatMap((region, index) =>
    [
      ...(names.indexOf(region.name) === index ? [] : [['', `${region.name} is there twice`] as const]),
      ...queueProblems(region, regions.slice(0, index)),
      ...failOverProblems(region, names),
    ].map(([key, message]) => ({ place: `/regions/${index}${key}`, message })),
  );
  if (!regions.some(({ zone }) => zone !== null)) return problems;
  return [...problems, ...zoneProblems(regions, zones)];
}

type Said = readonly [key: string, message: string];

function queueProblems({ queue }: Region, before: readonly Region[]): Said[] {
  if (queue === RUNBOOK_QUEUE) return [['/queue', `${queue} is the queue of the runbooks, expected one of its own`]];
  const other = before.find((each) => each.queue === queue);
  return other === undefined ? [] : [['/queue', `${queue} is the queue of ${other.name}, expected one of its own`]];
}

function failOverProblems({ name, failOver, whenNoWorker }: Region, names: readonly string[]): Said[] {
  const wrong = failOver.filter((each) => each === name || !names.includes(each));
  const others = names.filter((each) => each !== name).join(', ') || 'a second region';
  if (wrong.length > 0) return [['/failOver', `${wrong.join(', ')}, expected some of ${others}`]];
  if (whenNoWorker === 'failOver' && failOver.length === 0)
    return [['/whenNoWorker', `failOver needs a list /failOver: some of ${others}`]];
  return [];
}

function zoneProblems(regions: readonly Region[], zones: () => ZoneData): Problem[] {
  try {
    const data = zones();
    return regions.flatMap(({ zone }, index) =>
      zone === null ? [] : zoneProblem(zone, data).map((message) => ({ place: `/regions/${index}/zone`, message })),
    );
  } catch (error) {
    if (error instanceof CalendarError) return [{ place: '/regions', message: error.message }];
    throw error;
  }
}

function zoneProblem(zone: string, data: ZoneData): string[] {
  try {
    data.zone(zone);
    return [];
  } catch (error) {
    if (error instanceof CalendarError) return [error.message];
    throw error;
  }
}
