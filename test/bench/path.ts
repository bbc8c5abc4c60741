/**
 * `path`: what the way from event to run costs, against the same work without Tocsin. Each ratio is taken within one run, interleaved,
 * as the median of the rounds, because machines differ from minute to minute.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';
import { pino } from 'pino';
import { createIntake } from '../../triggers/intake/intake.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { RUNBOOK_QUEUE, type RunContext } from '../../workflows/kit/run-context.ts';
import { startInstallation } from '../support/installation.ts';
import { alertmanagerPayload, storeAlert } from '../support/payloads.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';
import type { Answer, Order } from './child.ts';
import { type Row, median, percentile, row } from './statistics.ts';

const ROUNDS = 5;
const STARTS = 500;
const SETTLES = 3_000;
const SETTLE_KEYS = 200;
const LATENCIES = 40;
const IN_FLIGHT = 64;
const IDLE_MS = 10_000;

export async function path(report: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries({
    starts: measureStarts,
    settles: measureSettles,
    latencies: measureLatencies,
  })) {
    report(`${name} ...`);
    rows.push(...(await withBench((bench) => measure(bench, report))));
  }
  return [...rows, ...(await measureIdle(report))];
}

/** Servers of its own for each measurement: what one leaves behind must not slow the next. */
async function withBench(measure: (bench: Bench) => Promise<Row[]>): Promise<Row[]> {
  const servers = await startTestServers({ nats: true, temporal: true });
  try {
    const bench = await open(servers);
    return await measure(bench).finally(() => bench.close());
  } finally {
    await servers.stopAll();
  }
}

interface Bench {
  readonly servers: TestServers;
  readonly log: EventLog;
  readonly temporal: TemporalConnection;
  child(): Promise<Child>;
  close(): Promise<void>;
}

interface Child {
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
  const child: ChildProcess = fork(join(import.meta.dirname, 'child.ts'), [servers.natsUrl, servers.temporalAddress]);
  await once(child, 'message');
  return {
    order: async (order) => {
      child.send(order);
      const [answer] = (await once(child, 'message')) as [Answer];
      return answer;
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** (a) starts by the bare client and (b) by the trigger process, in turn. No worker runs: only the starts are measured. */
async function measureStarts(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const child = await bench.child();
  const raw: number[] = [];
  const ours: number[] = [];
  const ratios: number[] = [];
  const rpcs: number[] = [];
  const cpu: number[] = [];
  await topology(bench, 'starts');
  for (let round = 0; round <= ROUNDS; round += 1) {
    const rawRate = STARTS / ((await rawStarts(bench, round)) / 1_000);
    await store(bench.log, 'starts', STARTS, (index) => `start ${round} ${index}`);
    const answer = await child.order({ kind: 'trigger', region: 'starts', count: STARTS });
    const rate = STARTS / (answer.elapsedMs / 1_000);
    report(`  round ${round}: raw ${rawRate.toFixed(0)}/s, trigger process ${rate.toFixed(0)}/s`);
    // The first round warms both up.
    if (round === 0) continue;
    raw.push(rawRate);
    ours.push(rate);
    ratios.push(rate / rawRate);
    rpcs.push(answer.rpcs / STARTS);
    cpu.push(answer.cpuMs / STARTS);
  }
  await child.close();
  return [
    row('raw_start_rate', '1/s', raw),
    row('trigger_start_rate', '1/s', ours),
    row('start_ratio', 'trigger/raw', ratios, ['>=', 0.9]),
    row('rpcs_per_start', 'requests', rpcs, ['<=', 1]),
    row('trigger_cpu_per_start', 'ms', cpu),
  ];
}

async function rawStarts({ temporal }: Bench, round: number): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < STARTS) {
      const index = next++;
      await temporal.client.workflow.start('threeSteps', {
        workflowId: `raw/${round}/${index}`,
        taskQueue: RUNBOOK_QUEUE,
        args: [{ service: 'checkout' }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowExecutionTimeout: '1h',
        memo: { tocsin: contextOf(index) },
        staticSummary: 'threeSteps for a raw start',
        typedSearchAttributes: ATTRIBUTES.map((key) => ({ key, value: `raw ${index}` })),
      });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return performance.now() - begun;
}

/** (d) repeated firing of open episodes: book, ledger, acknowledgement; against a consumer that publishes one message for each event. */
async function measureSettles(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const child = await bench.child();
  const raw: number[] = [];
  const ours: number[] = [];
  const ratios: number[] = [];
  const rpcs: number[] = [];
  await topology(bench, 'settles');
  await topology(bench, 'bare');
  const keys = (index: number): string => `settle ${index % SETTLE_KEYS}`;
  await store(bench.log, 'settles', SETTLE_KEYS, keys);
  await child.order({ kind: 'trigger', region: 'settles', count: SETTLE_KEYS });
  for (let round = 0; round <= ROUNDS; round += 1) {
    await store(bench.log, 'bare', SETTLES, keys);
    const bare = await child.order({ kind: 'bare', region: 'bare', count: SETTLES });
    await store(bench.log, 'settles', SETTLES, keys);
    const settled = await child.order({ kind: 'trigger', region: 'settles', count: SETTLES });
    const [rawRate, rate] = [SETTLES / (bare.elapsedMs / 1_000), SETTLES / (settled.elapsedMs / 1_000)];
    report(`  round ${round}: raw ${rawRate.toFixed(0)}/s, settled ${rate.toFixed(0)}/s`);
    if (round === 0) continue;
    raw.push(rawRate);
    ours.push(rate);
    ratios.push(rate / rawRate);
    rpcs.push(settled.rpcs);
  }
  await child.close();
  return [
    row('raw_settle_rate', '1/s', raw),
    row('settle_rate', '1/s', ours),
    row('settle_ratio', 'settled/raw', ratios, ['>=', 0.7]),
    row('rpcs_of_settled', 'requests', rpcs, ['<=', 0]),
  ];
}

/** (c) from the POST to the first activity, against a bare start to the first activity, one after the other. */
async function measureLatencies(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const region = 'latency';
  await topology(bench, region);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'workflows.ts'),
    logger: quiet,
  });
  const codePath = join(bench.servers.dir, 'bench-workflows.js');
  writeFileSync(codePath, code);
  const [workers, triggers] = [await bench.child(), await bench.child()];
  await workers.order({ kind: 'worker', region, codePath });
  void triggers.order({ kind: 'trigger', region, count: null });
  const intake = createIntake({
    senders: [{ name: 'am', source: alertmanager, auth: { kind: 'none' } }],
    log: bench.log,
    region,
    knownTypes: new Set(),
    host: '127.0.0.1',
    port: await freePort(),
    limits: { maxBodyBytes: 1_048_576, bodyTimeoutMs: 5_000, maxConcurrent: 64 },
    logger: pino({ level: 'error' }),
  });
  const { url } = await intake.listen();
  const figures = {
    http50: [] as number[],
    http99: [] as number[],
    raw50: [] as number[],
    raw99: [] as number[],
    ratio: [] as number[],
    done: [] as number[],
  };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const http: number[] = [];
    const raw: number[] = [];
    const done: number[] = [];
    for (let index = 0; index < LATENCIES; index += 1) {
      const ours = await latencyOf(bench, () => post(url, `latency ${round} ${index}`));
      const bare = await latencyOf(bench, () => rawStart(bench, region, round, index));
      http.push(ours.toActivityMs);
      raw.push(bare.toActivityMs);
      done.push(ours.toEndMs);
    }
    report(`  round ${round}: POST to activity ${median(http).toFixed(1)} ms, raw ${median(raw).toFixed(1)} ms`);
    if (round === 0) continue;
    figures.http50.push(median(http));
    figures.http99.push(percentile(http, 0.99));
    figures.raw50.push(median(raw));
    figures.raw99.push(percentile(raw, 0.99));
    figures.ratio.push(median(http) / median(raw));
    figures.done.push(median(done));
  }
  await intake.close();
  await Promise.all([workers.close(), triggers.close()]);
  return [
    row('raw_to_activity_p50_ms', 'ms', figures.raw50),
    row('raw_to_activity_p99_ms', 'ms', figures.raw99),
    row('http_to_activity_p50_ms', 'ms', figures.http50),
    row('http_to_activity_p99_ms', 'ms', figures.http99),
    row('http_to_activity_ratio', 'http/raw', figures.ratio, ['<=', 1.5]),
    row('http_to_three_steps_done_p50_ms', 'ms', figures.done),
  ];
}

/** Begin, then read from the run's own history when its first activity began and when it ended. Both clocks are this machine's. */
async function latencyOf(bench: Bench, begin: () => Promise<string>) {
  const begun = Date.now() + (performance.now() % 1);
  const handle = bench.temporal.client.workflow.getHandle(await begin());
  await until('the run is there', () => handle.result().then(() => true));
  const { events } = await handle.fetchHistory();
  const first = events?.find((event) => event.activityTaskStartedEventAttributes);
  const last = events?.find((event) => event.workflowExecutionCompletedEventAttributes);
  return { toActivityMs: millis(first?.eventTime) - begun, toEndMs: millis(last?.eventTime) - begun };
}

const millis = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;

/** Resolves with the id the run will have: nothing may be asked of the servers that are being measured. */
async function post(url: string, instance: string): Promise<string> {
  const body = Buffer.from(JSON.stringify(alertmanagerPayload('firing', { instance })));
  const response = await fetch(`${url}/in/am`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (response.status !== 202) throw new Error(`the intake answered ${response.status}`);
  await response.arrayBuffer();
  return workflowId({
    stream: eventStream('latency'),
    trigger: 'bench',
    key: alertKeyOf(body),
    generation: 1,
    attempt: 1,
  });
}

function alertKeyOf(raw: Uint8Array): string {
  const { events } = alertmanager.toEvents({
    sender: 'am',
    headers: {},
    contentType: 'application/json',
    body: JSON.parse(Buffer.from(raw).toString('utf8')) as unknown,
    raw,
    rawSha256: '',
    receivedAt: new Date().toISOString(),
  });
  return events[0]?.partitionkey ?? '';
}

async function rawStart({ temporal }: Bench, region: string, round: number, index: number): Promise<string> {
  const id = `raw-latency/${round}/${index}`;
  await createEngine(temporal).start({
    workflowId: id,
    workflowType: 'threeSteps',
    input: { service: 'checkout' },
    context: { ...contextOf(index), region },
    executionTimeoutMs: 60_000,
    summary: 'a raw start',
  });
  return id;
}

/** (e) memory and idle processor time of each role, as production runs them. */
async function measureIdle(report: (line: string) => void): Promise<Row[]> {
  report('idle processes ...');
  const tocsin = await startInstallation();
  try {
    const rows: Row[] = [];
    for (const role of ['intake', 'trigger', 'worker']) {
      tocsin.env['TOCSIN_INTAKE_PORT'] = String(await freePort());
      const { pid } = await tocsin.startReady(role);
      const before = cpuMs(pid);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      rows.push(
        row(`${role}_rss_mb`, 'MB', [rssMb(pid)]),
        row(`${role}_idle_cpu`, '% of one core', [((cpuMs(pid) - before) / IDLE_MS) * 100]),
      );
    }
    return rows;
  } finally {
    await tocsin.stop();
  }
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;

/** Fields 14 and 15 of /proc/<pid>/stat, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function topology({ log }: Bench, region: string): Promise<void> {
  const specs = regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
  await log.ensureTopology(
    specs.map((spec) => ({ ...spec, maxBytes: 1_073_741_824 })),
    true,
  );
}

async function store(log: EventLog, region: string, count: number, instance: (index: number) => string): Promise<void> {
  for (let from = 0; from < count; from += IN_FLIGHT) {
    const batch = Array.from({ length: Math.min(IN_FLIGHT, count - from) }, (_, index) =>
      storeAlert(log, region, 'firing', { instance: instance(from + index) }),
    );
    await Promise.all(batch);
  }
}

/** What a run of a trigger carries as well: without them the two would not start the same thing. */
const ATTRIBUTES = ['TocsinTrigger', 'TocsinAlert', 'TocsinRegion', 'TocsinService', 'TocsinSeverity'].map((name) =>
  defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
);

const contextOf = (sequence: number): RunContext => ({
  trigger: null,
  alertKey: null,
  generation: 1,
  attempt: 1,
  event: { id: 'raw', type: 'raw', source: 'raw', stream: 'RAW', sequence, title: null },
  region: 'latency',
  service: 'checkout',
  severity: 'critical',
  onResolved: 'ignore',
});

const silent = (): void => undefined;
const quiet = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: console.error };
