/** What the measurements of `path` share: servers of their own, measured processes beside them, and events to work on. */
import { once } from 'node:events';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { storeAlert } from '../support/payloads.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import type { Answer, Order } from './child.ts';
import { answerOf, measuredProcess } from './measured-process.ts';
import type { Row } from './statistics.ts';

export const ROUNDS = 5;
export const IN_FLIGHT = 64;

/** Servers of its own for each measurement: what one leaves behind must not slow the next. */
export async function withBench(measure: (bench: Bench) => Promise<Row[]>): Promise<Row[]> {
  const servers = await startTestServers({ nats: true, temporal: true });
  try {
    const bench = await open(servers);
    return await measure(bench).finally(() => bench.close());
  } finally {
    await servers.stopAll();
  }
}

export interface Bench {
  readonly servers: TestServers;
  readonly log: EventLog;
  readonly temporal: TemporalConnection;
  child(): Promise<Child>;
  close(): Promise<void>;
}

export interface Child {
  readonly pid: number;
  order(order: Order): Promise<Answer>;
  close(): Promise<void>;
}

async function open(servers: TestServers): Promise<Bench> {
  const log = await connectLog({ servers: servers.natsUrl, name: 'bench' });
  const connection = { address: servers.temporalAddress };
  const temporal = await connectTemporal({ connection, namespace: 'default', external: true });
  const children: Child[] = [];
  return {
    servers,
    log,
    temporal,
    child: async () => {
      const child = await startChild(servers);
      children.push(child);
      return child;
    },
    close: async () => {
      await Promise.all(children.map((child) => child.close()));
      await log.close();
      await temporal.close();
    },
  };
}

async function startChild(servers: TestServers): Promise<Child> {
  const { child } = await measuredProcess('child.ts', [servers.natsUrl, servers.temporalAddress]);
  return {
    pid: child.pid ?? 0,
    order: async (order) => {
      child.send(order);
      return answerOf<Answer>(child);
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

export async function topology({ log }: Bench, region: string): Promise<void> {
  const specs = regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
  await log.ensureTopology(
    specs.map((spec) => ({ ...spec, maxBytes: 1_073_741_824 })),
    true,
  );
}

export async function store(
  log: EventLog,
  region: string,
  count: number,
  instance: (index: number) => string,
): Promise<void> {
  for (let from = 0; from < count; from += IN_FLIGHT) {
    const batch = Array.from({ length: Math.min(IN_FLIGHT, count - from) }, (_, index) =>
      storeAlert(log, region, 'firing', { instance: instance(from + index) }),
    );
    await Promise.all(batch);
  }
}
