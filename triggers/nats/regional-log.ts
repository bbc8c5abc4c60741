/**
 * The logs of several servers as one: every stream and every subject belongs to a region, and goes to that region's log. One that is away
 * fails its own calls only. Relies on the topology for which names a region has.
 */
import { LogRefused } from './errors.ts';
import type { EventLog } from './port.ts';
import { type StreamSpec, regionTopology } from './topology.ts';

export interface RegionalPart {
  readonly regions: readonly string[];
  readonly log: EventLog;
}

/** Its calls reject as those of the logs do, and with LogRefused for a name of no region that is here. */
export function regionalLog(parts: readonly RegionalPart[]): EventLog {
  const streams = new Map<string, EventLog>();
  const subjects = new Map<string, EventLog>();
  for (const { regions, log } of parts)
    for (const { name, subjects: own } of regions.flatMap(topologyOfRegion)) {
      streams.set(name, log);
      for (const subject of own) subjects.set(headOf(subject), log);
    }
  const of = (stream: string): EventLog => found(streams, stream, 'stream');
  const all = parts.map(({ log }) => log);
  return {
    publish: async (subject, data, options) =>
      found(subjects, headOf(subject), 'subject').publish(subject, data, options),
    consume: async (options, handle) => of(options.stream).consume(options, handle),
    last: async (stream, subject) => of(stream).last(stream, subject),
    get: async (stream, sequence) => of(stream).get(stream, sequence),
    next: async (stream, filter, sequence) => of(stream).next(stream, filter, sequence),
    read: (options) => of(options.stream).read(options),
    follow: (options) => of(options.stream).follow(options),
    remove: async (stream, sequence) => of(stream).remove(stream, sequence),
    consumerState: async (stream, consumer) => of(stream).consumerState(stream, consumer),
    streamState: async (stream) => of(stream).streamState(stream),
    serverState: async (stream) => of(stream).serverState(stream),
    ensureTopology: async (specs, apply) => {
      const lines: string[] = [];
      for (const log of new Set(specs.map(({ name }) => of(name)))) {
        const own = specs.filter(({ name }) => of(name) === log);
        lines.push(...(await log.ensureTopology(own, apply)));
      }
      return lines;
    },
    ping: async () => {
      await Promise.all(all.map((log) => log.ping()));
    },
    closed: () => Promise.race(all.map((log) => log.closed())),
    close: async () => {
      await Promise.all(all.map((log) => log.close()));
    },
  };
}

const topologyOfRegion = (region: string): readonly StreamSpec[] =>
  regionTopology(region, { duplicateWindowMs: 0, replicas: 1, ackWaitMs: 0 });

/** `events.eu` of `events.eu.>`: the kind and the region. */
const headOf = (subject: string): string => subject.split('.', 2).join('.');

function found(logs: ReadonlyMap<string, EventLog>, name: string, what: string): EventLog {
  const log = logs.get(name);
  if (log === undefined)
    throw new LogRefused(`${what} ${JSON.stringify(name)} belongs to no region that this process is connected to`);
  return log;
}
