/** What a scrape reads from the events log of each region. A region that does not answer at once has no sample, rather than an old one. */
import { Gauge, type Registry } from 'prom-client';
import type { Trigger } from '../triggers/define-trigger.ts';
import type { EventLog } from '../triggers/nats/port.ts';
import { bookStream, deadStream, eventStream, ledgerStream } from '../triggers/nats/subject.ts';
import { type ControlStore, controlOf } from '../triggers/path/control.ts';
import { lagOf } from '../triggers/path/lag.ts';
import { oneAtATime } from './one-at-a-time.ts';

export interface WatchedRegion {
  readonly log: Pick<EventLog, 'consumerState' | 'next' | 'streamState'>;
  readonly control: Pick<ControlStore, 'read'>;
  readonly triggers: readonly Trigger[];
}

/** A scrape has seconds for everything. */
const SCRAPE_MS = 1_000;

export function regionGauges(
  registers: Registry[],
  now: () => number,
): (region: string, watched: WatchedRegion) => void {
  const regions = new Map<string, WatchedRegion>();
  const inEach = (look: (region: string, watched: WatchedRegion) => Promise<void>): Promise<unknown> =>
    Promise.all([...regions].map(([region, watched]) => soon(look(region, watched))));
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: () => Promise<void>,
  ) => new Gauge({ name, help, labelNames: [...labelNames], registers, collect });

  // The gauges of one scrape are collected side by side: they share one look.
  const lookAtLanes = oneAtATime(async () => {
    for (const each of [waiting, age, pulled]) each.reset();
    await inEach(async (region, { log }) => {
      for (const lag of await lagOf(log, region)) {
        const labels = { region, lane: lag.lane };
        waiting.set(labels, lag.waiting);
        age.set(labels, lag.oldestAt === null ? 0 : Math.max(0, now() - lag.oldestAt) / 1_000);
        pulled.set(labels, lag.pulled ? 1 : 0);
      }
    });
  });
  const LANE = ['region', 'lane'] as const;
  const waiting = gauge('tocsin_events_waiting', 'Events not acknowledged yet.', LANE, lookAtLanes);
  const age = gauge(
    'tocsin_oldest_event_age_seconds',
    'How long the oldest event that is not acknowledged has waited; 0 when none waits.',
    LANE,
    lookAtLanes,
  );
  const pulled = gauge('tocsin_lane_pulled', '1 while a trigger process pulls this lane.', LANE, lookAtLanes);

  const lookAtStreams = oneAtATime(async () => {
    for (const each of [letters, full]) each.reset();
    await inEach(async (region, { log }) => {
      for (const stream of [eventStream, ledgerStream, deadStream, bookStream].map((streamOf) => streamOf(region))) {
        const { messages, bytes, maxBytes } = await log.streamState(stream);
        full.set({ stream }, maxBytes > 0 ? bytes / maxBytes : 0);
        if (stream === deadStream(region)) letters.set({ region }, messages);
      }
    });
  });
  const letters = gauge('tocsin_dead_letters', 'Dead letters that wait for somebody.', ['region'], lookAtStreams);
  const full = gauge(
    'tocsin_stream_full_ratio',
    'Share of a stream’s room that is taken; at 1 it refuses.',
    ['stream'],
    lookAtStreams,
  );

  const lookAtTriggers = oneAtATime(async () => {
    for (const each of [paused, modes]) each.reset();
    await inEach(async (region, { control, triggers }) => {
      const current = await control.read();
      for (const trigger of triggers) {
        const decided = controlOf(current, trigger);
        paused.set({ region, trigger: trigger.id }, decided.paused === null ? 0 : 1);
        modes.set({ region, trigger: trigger.id, mode: decided.mode }, 1);
      }
    });
  });
  const paused = gauge('tocsin_trigger_paused', '1 while a trigger is paused.', ['region', 'trigger'], lookAtTriggers);
  const modes = gauge(
    'tocsin_trigger_mode',
    'The mode of a trigger; 1 for the one it has.',
    ['region', 'trigger', 'mode'],
    lookAtTriggers,
  );
  return (region, watched) => void regions.set(region, watched);
}

async function soon(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, SCRAPE_MS)));
  try {
    await Promise.race([work.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
