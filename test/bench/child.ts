/**
 * A measured process: a trigger process, a bare consumer to compare it with, or workers. Orders come by IPC, one at a time; the answer has
 * the elapsed and the processor time of exactly the work that was ordered.
 */
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import type { Trigger } from '../../triggers/define-trigger.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { eventStream, laneConsumer } from '../../triggers/nats/subject.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { regionPath } from '../../workers/region-path.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import { installRuntime } from '../../workers/temporal-runtime.ts';
import { look } from '../../activities/look.ts';
import { createWorker } from '../../workers/worker.ts';
import { BY_HAND } from './by-hand-queues.ts';
import { benchTriggers, repairTriggers } from './bench-triggers.ts';
import { rawConnection, rawConsume } from './raw-log.ts';
import { rawStarts } from './raw-starts.ts';

export type Order =
  /** Start `count` runs by the bare client. */
  | { readonly kind: 'starts'; readonly round: string; readonly count: number }
  /** Pull until `count` events of the region are recorded; for ever when it is null. */
  | { readonly kind: 'trigger'; readonly region: string; readonly count: number | null }
  /** The same for ever, starting the runbook of `repair-by-kit.ts`. */
  | { readonly kind: 'repairs'; readonly region: string; readonly eager: boolean }
  /** By the bare client: consume `count` events, publish one message for each, acknowledge. */
  | { readonly kind: 'bare'; readonly region: string; readonly count: number }
  | { readonly kind: 'worker'; readonly regions: readonly string[]; readonly codePath: string }
  /** Workers by the bare SDK, for the workflows of `repair-by-hand.ts`. */
  | { readonly kind: 'by-hand'; readonly codePath: string };

export interface Answer {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** Requests to Temporal, by the SDK's own count. */
  readonly rpcs: number;
}

const MAX_IN_FLIGHT = 64;
const ACK_WAIT_MS = 30_000;
const [natsUrl = '', temporalAddress = ''] = process.argv.slice(2);
const logger = pino({ level: 'error' });
const metricsPort = await freePort();
installRuntime({ logger, metricsPort });
const log = await connectLog({ servers: natsUrl, name: 'bench', lingers: true });
const raw = await rawConnection(natsUrl);
const temporal = await connectTemporal({
  connection: { address: temporalAddress },
  namespace: 'default',
  external: true,
});

process.on('disconnect', () => process.exit(0));
process.on('message', (order: Order) => {
  void carryOut(order).then((answer) => process.send?.(answer));
});
process.send?.('ready');

async function carryOut(order: Order): Promise<Answer> {
  if (order.kind === 'worker') return work(order.regions, order.codePath);
  if (order.kind === 'by-hand') return workByHand(order.codePath);
  const rpcsBefore = await requests();
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  await measured(order);
  const elapsedMs = performance.now() - begun;
  const cpu = process.cpuUsage(cpuBefore);
  return { elapsedMs, cpuMs: (cpu.user + cpu.system) / 1_000, rpcs: (await requests()) - rpcsBefore };
}

async function measured(order: Exclude<Order, { kind: 'worker' | 'by-hand' }>): Promise<void> {
  if (order.kind === 'starts') return rawStarts(temporal.client, order.round, order.count, MAX_IN_FLIGHT);
  if (order.kind === 'bare') {
    const { region, count } = order;
    const from = { stream: eventStream(region), consumer: laneConsumer('urgent'), subject: `ledger.${region}.bare` };
    return rawConsume(raw, from, count, MAX_IN_FLIGHT);
  }
  return order.kind === 'trigger'
    ? trigger(order.region, order.count, { triggers: benchTriggers, eager: false })
    : trigger(order.region, null, { triggers: repairTriggers, eager: order.eager });
}

interface Starts {
  readonly triggers: readonly Trigger[];
  readonly eager: boolean;
}

async function trigger(region: string, count: number | null, { triggers, eager }: Starts): Promise<void> {
  let recorded = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const running = createTriggerProcess({
    ...regionPath(region, log),
    regions: [region],
    engine: createEngine({ ...temporal, eager }),
    triggers,
    options: { reorderBoundMs: 1_000, maxInFlight: MAX_IN_FLIGHT, ackWaitMs: ACK_WAIT_MS },
    instance: 'bench',
    logger,
    onRecorded: () => {
      recorded += 1;
      if (recorded === count) done();
    },
  });
  running.start();
  if (count === null) return;
  await all;
  // Not part of the work that was ordered: it ends while the answer is on its way.
  void running.close(ACK_WAIT_MS);
}

/** Steps that cost nothing by themselves. */
const ACTIVITIES = {
  step: look(() => Promise.resolve()),
  diagnose: look(() => Promise.resolve({ sick: true })),
  remediate: () => Promise.resolve(),
  confirm: look(() => Promise.resolve({ well: true })),
};
const NOTHING: Answer = { elapsedMs: 0, cpuMs: 0, rpcs: 0 };

async function work(regions: readonly string[], codePath: string): Promise<Answer> {
  const limits = { maxCachedWorkflows: 500, maxActivities: 50, shutdownGraceMs: 1_000 };
  await createWorker(temporal, { kind: 'runbooks', codePath }, limits);
  for (const region of regions)
    await createWorker(temporal, { kind: 'activities', region, activities: ACTIVITIES }, limits);
  return NOTHING;
}

async function workByHand(codePath: string): Promise<Answer> {
  const { connection } = temporal;
  const workflows = { workflowBundle: { codePath }, taskQueue: BY_HAND.queue, activities: ACTIVITIES };
  for (const options of [workflows, { taskQueue: BY_HAND.activityQueue, activities: ACTIVITIES }])
    void (await Worker.create({ connection, ...options })).run();
  return NOTHING;
}

/** Start, signal, describe and the like; polls and pings of the connection itself are no part of a start. */
async function requests(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  let sum = 0;
  for (const [, operation, value] of text.matchAll(/^temporal_request_total\{[^}]*operation="(\w+)"[^}]*\} (\d+)/gm))
    if (/^(StartWorkflow|SignalWorkflow|DescribeWorkflow)/.test(operation ?? '')) sum += Number(value);
  return sum;
}
