/**
 * `intake`: what the way from HTTP to the stream costs, against the same messages published without it. Both by one process on one
 * server, interleaved, with as many messages on their way at a time; each ratio is the median of the rounds.
 */
import { once } from 'node:events';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { startTestServers } from '../support/servers.ts';
import { type Connection, openConnection } from './http-connection.ts';
import type { IntakeAnswer, IntakeOrder } from './intake-child.ts';
import { answerOf, measuredProcess } from './measured-process.ts';
import { type Row, percentile, row } from './statistics.ts';

const ROUNDS = 5;
const WINDOW = 64;
const BATCH = 20;
const TURNS = 4;
/** So many that a turn is mostly its middle: at its ends fewer are on their way than the window allows. */
const ALERTS = 2_000;
const PACED = 2_000;
const NORMALISED = 1_000;
const LARGE_ALERTS = 10_000;
const SOAK_ALERTS = 200_000;
const SOAK_SAMPLES = 10;
const REGION = 'intake';

export async function intake(report: (line: string) => void): Promise<Row[]> {
  const servers = await startTestServers({ nats: true });
  const log = await connectLog({ servers: servers.natsUrl, name: 'bench' });
  try {
    await log.ensureTopology(
      regionTopology(REGION, { duplicateWindowMs: 1_000, replicas: 1, ackWaitMs: 30_000 }),
      true,
    );
    const child = await startChild(servers.natsUrl);
    try {
      await post(child, JSON.stringify(payload(1)));
      const stored = await log.get(eventStream(REGION), 1);
      const event = Buffer.from(stored?.data ?? []).toString();
      return [
        ...(await throughput(child, event, report)),
        ...(await normalising(servers.natsUrl)),
        ...(await stalls(child)),
        ...(await soak(child, report)),
      ];
    } finally {
      await child.close();
    }
  } finally {
    await log.close();
    await servers.stopAll();
  }
}

interface Child {
  readonly url: string;
  readonly free: Connection[];
  order(order: IntakeOrder): Promise<IntakeAnswer>;
  close(): Promise<void>;
}

async function startChild(natsUrl: string): Promise<Child> {
  const { child, ready: url } = await measuredProcess('intake-child.ts', [natsUrl, REGION], ['--expose-gc']);
  const free: Connection[] = [];
  return {
    url,
    free,
    order: async (order) => {
      child.send(order);
      return answerOf<IntakeAnswer>(child);
    },
    close: async () => {
      for (const connection of free) connection.close();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function throughput(child: Child, event: string, report: (line: string) => void): Promise<Row[]> {
  const raw: number[] = [];
  const [ones, twenties, oneRatios, twentyRatios, latencies]: number[][] = [[], [], [], [], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    let [rawMs, oneMs, twentyMs] = [0, 0, 0];
    // In turns within the round: a slow second of the machine is everybody's.
    for (let turn = 0; turn < TURNS; turn += 1) {
      rawMs += (await child.order({ kind: 'publish', count: ALERTS, window: WINDOW, body: event })).elapsedMs;
      oneMs += await sent(child, 1, ALERTS, WINDOW);
      twentyMs += await sent(child, BATCH, ALERTS, Math.ceil(WINDOW / BATCH));
    }
    const [rawRate = 0, oneRate = 0, twentyRate = 0] = [rawMs, oneMs, twentyMs].map(
      (ms) => (TURNS * ALERTS) / (ms / 1_000),
    );
    const late = await paced(child, oneRate / 2);
    report(
      `  round ${round}: raw ${rawRate.toFixed(0)}/s, one by one ${oneRate.toFixed(0)}/s, by ${BATCH} ${twentyRate.toFixed(0)}/s, p99 ${late.toFixed(1)} ms`,
    );
    // The first round warms everything up.
    if (round === 0) continue;
    raw.push(rawRate);
    ones?.push(oneRate);
    twenties?.push(twentyRate);
    oneRatios?.push(oneRate / rawRate);
    twentyRatios?.push(twentyRate / rawRate);
    latencies?.push(late);
  }
  return [
    row('raw_publish_rate', '1/s', raw),
    row('intake_rate_one_by_one', 'alerts/s', ones ?? []),
    row('intake_rate_by_20', 'alerts/s', twenties ?? []),
    row('intake_ratio_one_by_one', 'of raw', oneRatios ?? [], ['>=', 0.5]),
    row('intake_ratio_by_20', 'of raw', twentyRatios ?? [], ['>=', 0.8]),
    row('intake_p99_at_half_rate', 'ms', latencies ?? []),
  ];
}

/** Milliseconds until all are answered, `inFlight` requests at a time. */
async function sent(child: Child, batch: number, alerts: number, inFlight: number): Promise<number> {
  const bodies = Array.from({ length: alerts / batch }, () => JSON.stringify(payload(batch)));
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await post(child, body);
    }),
  );
  return performance.now() - begun;
}

/** 99th percentile, ms, from when a request was due to its answer: one that waits for others before it is late, not unsent. */
async function paced(child: Child, rate: number): Promise<number> {
  const latencies: number[] = [];
  const begun = performance.now();
  const waiting: Promise<void>[] = [];
  for (let index = 0; index < PACED; index += 1) {
    const due = begun + (index * 1_000) / rate;
    while (performance.now() < due)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const answered = post(child, JSON.stringify(payload(1))).then(() => void latencies.push(performance.now() - due));
    waiting.push(answered);
  }
  await Promise.all(waiting);
  return percentile(latencies, 0.99);
}

/** In a process that has done nothing else: what a core can do with the code, and not what an intake's other work leaves of it. */
async function normalising(natsUrl: string): Promise<Row[]> {
  const child = await startChild(natsUrl);
  const rates: number[] = [];
  const body = JSON.stringify(payload(BATCH));
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      // Of processor time: what a core can do, whoever else is on it now.
      const { cpuMs } = await child.order({ kind: 'normalise', count: NORMALISED, body });
      if (round > 0) rates.push((NORMALISED * BATCH) / (cpuMs / 1_000));
    }
  } finally {
    await child.close();
  }
  return [row('normalise_rate_of_a_core', 'alerts/s', rates, ['>=', 50_000])];
}

/** How long everybody else waits at most while one request of thousands is taken; what else runs on the machine is in it. */
async function stalls(child: Child): Promise<Row[]> {
  const longest: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const body = JSON.stringify(payload(LARGE_ALERTS));
    await child.order({ kind: 'watch' });
    await post(child, body);
    const { stallMs } = await child.order({ kind: 'watched' });
    if (round > 0) longest.push(stallMs);
  }
  return [row('intake_stall_of_10000_alerts', 'ms', longest, ['<=', 100])];
}

/** Resident memory after each part of the soak, the first left out: what grows with the number of events would show as a slope. */
async function soak(child: Child, report: (line: string) => void): Promise<Row[]> {
  const samples: number[] = [];
  for (let sample = 0; sample < SOAK_SAMPLES; sample += 1) {
    await sent(child, BATCH, SOAK_ALERTS / SOAK_SAMPLES, Math.ceil(WINDOW / BATCH));
    const { rssBytes } = await child.order({ kind: 'memory' });
    samples.push(rssBytes / 1_048_576);
    report(`  ${((sample + 1) * SOAK_ALERTS) / SOAK_SAMPLES} alerts: ${samples.at(-1)?.toFixed(1) ?? ''} MiB resident`);
  }
  // The first half is warming up: heaps settle at the size that the load needs.
  const settled = samples.slice(SOAK_SAMPLES / 2);
  const perSample = slope(settled);
  return [
    row('intake_rss_slope', 'MiB per 100,000 alerts', [(perSample * SOAK_SAMPLES * 100_000) / SOAK_ALERTS], ['<=', 5]),
  ];
}

/** Least squares, per step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  return over / values.reduce((sum, _value, index) => sum + (index - middle) ** 2, 0);
}

let serial = 0;
function payload(count: number): unknown {
  const startsAt = new Date().toISOString();
  const alerts = Array.from({ length: count }, () => {
    serial += 1;
    return {
      status: 'firing',
      labels: {
        alertname: 'ServiceDown',
        service: 'checkout',
        severity: 'critical',
        instance: `host-${serial}:9100`,
        job: 'node',
        region: 'eu-west-1',
      },
      annotations: {
        summary: 'checkout fails its health check',
        description: 'No answer for five minutes.',
        runbook_url: 'https://runbooks.example/checkout',
      },
      startsAt,
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1',
      fingerprint: serial.toString(16).padStart(16, '0'),
    };
  });
  const common = { alertname: 'ServiceDown', service: 'checkout' };
  return {
    version: '4',
    groupKey: '{}:{alertname="ServiceDown"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'tocsin',
    groupLabels: common,
    commonLabels: common,
    commonAnnotations: {},
    externalURL: 'http://am.example:9093',
    alerts,
  };
}

/** Any of the free connections, or a new one: at most as many as requests on their way. */
async function post({ url, free }: Child, body: string): Promise<void> {
  const connection = free.pop() ?? (await openConnection(url));
  await connection.post(body);
  free.push(connection);
}
