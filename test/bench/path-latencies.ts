/** From a POST to the first activity and to the end of the run, against a bare start. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { pino } from 'pino';
import { createIntake } from '../../triggers/intake/intake.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { type Bench, ROUNDS, topology } from './path-bench.ts';
import { quiet } from './quiet-bundler.ts';
import { latencyOf } from './run-latency.ts';
import { type Row, median, percentile, row } from './statistics.ts';

const LATENCIES = 40;

/** (c) from the POST to the first activity, against a bare start to the first activity, one after the other. */
export async function measureLatencies(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const region = 'latency';
  await topology(bench, region);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'workflows.ts'),
    logger: quiet,
  });
  const codePath = join(bench.servers.dir, 'bench-workflows.js');
  writeFileSync(codePath, code);
  const [workers, triggers] = [await bench.child(), await bench.child()];
  await workers.order({ kind: 'worker', regions: [region], codePath });
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
      const ours = await latencyOf(bench.temporal.client, () => post(url, `latency ${round} ${index}`));
      const bare = await latencyOf(bench.temporal.client, () => rawStart(bench, region, round, index));
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
