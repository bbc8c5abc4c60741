/** Tocsin's own metrics. The Temporal SDK publishes those of workers and calls by itself. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { EventLog } from '../triggers/nats/port.ts';
import { LANES, deadStream, eventStream, laneConsumer } from '../triggers/nats/subject.ts';
import type { EventRecord } from '../triggers/path/disposition.ts';

export interface Metrics {
  readonly registry: Registry;
  accepted(sender: string, count: number): void;
  rejected(sender: string, reason: string): void;
  /** An event was recorded and acknowledged. `storedAt`: when its stream took it, ms. */
  recorded(region: string, record: EventRecord): void;
  /** A run of a trigger that did not complete, once. */
  runFailed(region: string, trigger: string, outcome: string): void;
  /** How long a trigger's condition took; a slow one holds up every event behind it. */
  condition(trigger: string, ms: number): void;
  /** Lag and dead letters of a region, read when the metrics are scraped. */
  watchRegion(region: string, log: WatchedLog): void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics(now: () => number = Date.now): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const accepted = new Counter({
    name: 'tocsin_events_accepted_total',
    help: 'Events stored by the intake.',
    labelNames: ['sender'],
    registers,
  });
  const rejected = new Counter({
    name: 'tocsin_events_rejected_total',
    help: 'Requests and items that can never be stored, by reason.',
    labelNames: ['sender', 'reason'],
    registers,
  });
  const dispositions = new Counter({
    name: 'tocsin_dispositions_total',
    help: 'What became of events, by trigger; `filtered`: no trigger matched.',
    labelNames: ['region', 'trigger', 'kind'],
    registers,
  });
  const failed = new Counter({
    name: 'tocsin_runs_failed_total',
    help: 'Runs that failed, were terminated, timed out or are stuck.',
    labelNames: ['region', 'trigger', 'outcome'],
    registers,
  });
  const settle = new Histogram({
    name: 'tocsin_settle_seconds',
    help: 'From stored in the stream to recorded and acknowledged.',
    labelNames: ['region'],
    buckets: SECONDS,
    registers,
  });
  const condition = new Histogram({
    name: 'tocsin_condition_seconds',
    help: 'Duration of a trigger’s `when`.',
    labelNames: ['trigger'],
    buckets: [0.0001, 0.001, 0.01, 0.1, 1],
    registers,
  });
  const watched = new Map<string, WatchedLog>();
  gauges(registers, watched);
  return {
    registry,
    accepted: (sender, count) => accepted.inc({ sender }, count),
    rejected: (sender, reason) => rejected.inc({ sender, reason }),
    recorded: (region, record) => {
      settle.observe({ region }, Math.max(0, now() - record.position.storedAt) / 1_000);
      if (record.dispositions.length === 0) dispositions.inc({ region, trigger: '', kind: 'filtered' });
      for (const { trigger, kind } of record.dispositions) dispositions.inc({ region, trigger, kind });
    },
    runFailed: (region, trigger, outcome) => failed.inc({ region, trigger, outcome }),
    condition: (trigger, ms) => condition.observe({ trigger }, ms / 1_000),
    watchRegion: (region, log) => void watched.set(region, log),
  };
}

type WatchedLog = Pick<EventLog, 'consumerState' | 'streamState'>;

/** A scrape has seconds for everything: a region that does not answer at once has no sample, rather than an old one. */
const SCRAPE_MS = 1_000;

async function soon<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), SCRAPE_MS)));
  try {
    return await Promise.race([work.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

function gauges(registers: Registry[], watched: ReadonlyMap<string, WatchedLog>): void {
  new Gauge({
    name: 'tocsin_events_waiting',
    help: 'Events not acknowledged yet.',
    labelNames: ['region', 'lane'],
    registers,
    async collect() {
      this.reset();
      const all = [...watched].flatMap(([region, log]) => LANES.map((lane) => ({ region, lane, log })));
      await Promise.all(
        all.map(async ({ region, lane, log }) => {
          const state = await soon(log.consumerState(eventStream(region), laneConsumer(lane)));
          if (state !== null) this.set({ region, lane }, state.pending + state.ackPending);
        }),
      );
    },
  });
  new Gauge({
    name: 'tocsin_dead_letters',
    help: 'Dead letters that wait for somebody.',
    labelNames: ['region'],
    registers,
    async collect() {
      this.reset();
      await Promise.all(
        [...watched].map(async ([region, log]) => {
          const state = await soon(log.streamState(deadStream(region)));
          if (state !== null) this.set({ region }, state.messages);
        }),
      );
    },
  });
}
