/** What the kit adds to a run of three steps: history events, actions and time, against plain Temporal code that does the same. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode } from '@temporalio/worker';
import { pino } from 'pino';
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { BY_HAND } from './by-hand-queues.ts';
import { type Bench, ROUNDS } from './path-bench.ts';
import { quiet } from './quiet-bundler.ts';
import { type RunCost, costOf } from './run-cost.ts';
import { type Row, median, row } from './statistics.ts';
import { byHandContext } from '../support/lab-context.ts';

const REGION = 'repair';
/** Of each kind and round, one after the other in turn. */
const RUNS = 20;

export async function measureRepairs(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const { client } = bench.temporal;
  const [kit, hand] = [await bench.child(), await bench.child()];
  await kit.order({ kind: 'worker', regions: [REGION], codePath: await repairBundle(bench) });
  await hand.order({ kind: 'by-hand', codePath: await plainBundle(bench) });
  const figures = { kit: [] as Round[], hand: [] as Round[], local: [] as Round[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const runs = { kit: [] as Run[], hand: [] as Run[], local: [] as Run[] };
    for (let index = 0; index < RUNS; index += 1) {
      const id = `${round}/${index}`;
      runs.kit.push(await timed(client, `kit/${id}`, () => startByKit(bench, `kit/${id}`)));
      runs.hand.push(await timed(client, `hand/${id}`, () => startByHand(client, 'repairByHand', `hand/${id}`)));
      runs.local.push(await timed(client, `local/${id}`, () => startByHand(client, 'repairLocally', `local/${id}`)));
    }
    const [ours, theirs, local] = [roundOf(runs.kit), roundOf(runs.hand), roundOf(runs.local)];
    report(
      `  round ${round}: kit ${text(ours)}; by hand ${text(theirs)}; by hand with local activities ${text(local)}`,
    );
    // The first round warms all up.
    if (round === 0) continue;
    figures.kit.push(ours);
    figures.hand.push(theirs);
    figures.local.push(local);
  }
  return rowsOf(figures);
}

function rowsOf({ kit, hand, local }: Readonly<Record<'kit' | 'hand' | 'local', readonly Round[]>>): Row[] {
  const of = (rounds: readonly Round[], name: keyof Round): number[] => rounds.map((round) => round[name]);
  const against = (name: keyof Round, combine: (ours: number, theirs: number) => number): number[] =>
    kit.map((round, index) => combine(round[name], hand[index]?.[name] ?? Number.NaN));
  const minus = (ours: number, theirs: number): number => ours - theirs;
  return [
    row('kit_history_events', 'events', of(kit, 'events')),
    row('hand_history_events', 'events', of(hand, 'events')),
    row('kit_history_events_added', 'events', against('events', minus), ['<=', 0]),
    row('kit_actions', 'actions', of(kit, 'actions')),
    row('hand_actions', 'actions', of(hand, 'actions')),
    row('kit_actions_added', 'actions', against('actions', minus), ['<=', 0]),
    row('kit_run_p50_ms', 'ms', of(kit, 'medianMs')),
    row('hand_run_p50_ms', 'ms', of(hand, 'medianMs')),
    row(
      'kit_run_ratio',
      'kit/hand',
      against('medianMs', (ours, theirs) => ours / theirs),
    ),
    row('local_history_events', 'events', of(local, 'events')),
    row('local_actions', 'actions', of(local, 'actions')),
    row('local_run_p50_ms', 'ms', of(local, 'medianMs')),
  ];
}

interface Run extends RunCost {
  readonly elapsedMs: number;
}

/** Of its runs, each by its median. */
interface Round extends RunCost {
  readonly medianMs: number;
}

const roundOf = (runs: readonly Run[]): Round => ({
  events: median(runs.map(({ events }) => events)),
  actions: median(runs.map(({ actions }) => actions)),
  medianMs: median(runs.map(({ elapsedMs }) => elapsedMs)),
});

const text = ({ events, actions, medianMs }: Round): string =>
  `${events} events, ${actions} actions, ${medianMs.toFixed(1)} ms`;

/** From before the start to the result, as its client sees it. */
async function timed(client: Client, workflowId: string, start: () => Promise<unknown>): Promise<Run> {
  const begun = performance.now();
  await start();
  const handle = client.workflow.getHandle(workflowId);
  await handle.result();
  const elapsedMs = performance.now() - begun;
  return { elapsedMs, ...(await costOf(handle)) };
}

const startByKit = ({ temporal }: Bench, workflowId: string): Promise<unknown> =>
  createEngine(temporal).start({
    workflowId,
    workflowType: 'repairByKit',
    input: INPUT,
    context: CONTEXT,
    executionTimeoutMs: 60_000,
    summary: 'repair of checkout',
  });

/** With the same memo: what a run carries along costs the server time, whoever wrote its code. */
const startByHand = (client: Client, workflowType: string, workflowId: string): Promise<unknown> =>
  client.workflow.start(workflowType, {
    workflowId,
    taskQueue: BY_HAND.queue,
    args: [INPUT],
    workflowExecutionTimeout: 60_000,
    memo: { tocsin: CONTEXT },
    staticSummary: 'repair of checkout',
  });

const INPUT = { target: 'checkout' };
const CONTEXT = byHandContext({ region: REGION, onResolved: 'cancel' });

/** As a worker of Tocsin makes it. */
export async function repairBundle({ servers }: Bench): Promise<string> {
  const workflows = join(import.meta.dirname, 'repairs.ts');
  const { codePath } = await workflowBundle(join(servers.dir, 'cache'), pino({ level: 'silent' }), { workflows });
  return codePath;
}

async function plainBundle({ servers }: Bench): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'repair-by-hand.ts'),
    logger: quiet,
  });
  const codePath = join(servers.dir, 'by-hand.js');
  writeFileSync(codePath, code);
  return codePath;
}
