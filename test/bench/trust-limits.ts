/** Limits: what a run pays for one, and for none, and how many slots per second change hands on the dev server. */
import type { WorkflowHandle } from '@temporalio/client';
import { limit } from '../../workflows/kit/limit-use.ts';
import { type LimitLab, startLimitLab } from '../support/limit-lab.ts';
import { type RunCost, costOf } from './run-cost.ts';
import { type Row, row } from './statistics.ts';
import { limitDefinition } from '../support/limit-definition.ts';

const ROUNDS = 3;
/** Runs of one round of a rate. */
const RUNS = 100;
const SCOPES = 20;

const define = (name: string, slots: number) => limitDefinition(name, { slots, queueMax: 1_000, waitMs: 600_000 });

export async function limitFigures(report: (line: string) => void): Promise<Row[]> {
  report('limits: starting a server and a worker');
  const lab = await startLimitLab([define('one', 1), define('many', 10)]);
  try {
    await lab.startWorker();
    return [...(await costs(lab)), ...(await rates(lab, report))];
  } finally {
    await lab.stop();
  }
}

async function costs(lab: LimitLab): Promise<Row[]> {
  const nothing: RunCost[] = [];
  const one: RunCost[] = [];
  const entity: RunCost[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const bare = await cost(lab, 'bare', `bare-${round}`, []);
    const unlimited = await cost(lab, 'unlimited', `unlimited-${round}`, []);
    const before = await costOfLimit(lab, 'limit/one/cost');
    const limited = await cost(lab, 'limited', `limited-${round}`, [limit('one', 'cost')]);
    nothing.push(difference(unlimited, bare));
    one.push(difference(limited, unlimited));
    if (round > 0) entity.push(difference(await costOfLimit(lab, 'limit/one/cost'), before));
  }
  return [
    row(
      'nothing used: events',
      'events/run',
      nothing.map(({ events }) => events),
      ['<=', 0],
    ),
    row(
      'nothing used: actions',
      'actions/run',
      nothing.map(({ actions }) => actions),
      ['<=', 0],
    ),
    row(
      'one limit: events of the run',
      'events/run',
      one.map(({ events }) => events),
    ),
    row(
      'one limit: actions of the run',
      'actions/run',
      one.map(({ actions }) => actions),
    ),
    row(
      'one limit: events of the limit',
      'events/lease',
      entity.map(({ events }) => events),
    ),
    row(
      'one limit: actions of the limit',
      'actions/lease',
      entity.map(({ actions }) => actions),
    ),
  ];
}

async function rates(lab: LimitLab, report: (line: string) => void): Promise<Row[]> {
  const [same, several]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    report(`limits: ${RUNS} leases of one slot, round ${round + 1} of ${ROUNDS}`);
    same.push(await rate(lab, `same-${round}`, () => [limit('one', `rate-${round}`)]));
    report(`limits: ${RUNS} leases of ${SCOPES} scopes, round ${round + 1} of ${ROUNDS}`);
    several.push(await rate(lab, `several-${round}`, (index) => [limit('many', `${round}-${index % SCOPES}`)]));
  }
  return [
    row('leases, one slot after the other', 'leases/s', same),
    row(`leases, ${SCOPES} scopes of 10 slots`, 'leases/s', several),
  ];
}

/** Whole runs of one step under one limit, from the first start to the last end. */
async function rate(
  lab: LimitLab,
  name: string,
  limits: (index: number) => ReturnType<typeof limit>[],
): Promise<number> {
  const begun = performance.now();
  const handles = await Promise.all(
    Array.from({ length: RUNS }, (_, index) => lab.begin('limited', `${name}-${index}`, { limits: limits(index) })),
  );
  await Promise.all(handles.map((handle) => handle.result()));
  return RUNS / ((performance.now() - begun) / 1_000);
}

async function cost(
  lab: LimitLab,
  runbook: string,
  name: string,
  limits: ReturnType<typeof limit>[],
): Promise<RunCost> {
  const handle: WorkflowHandle = await lab.begin(runbook, name, { limits });
  await handle.result();
  return costOf(handle);
}

/** Nothing while it is not in use. */
const costOfLimit = (lab: LimitLab, id: string): Promise<RunCost> =>
  costOf(lab.client.workflow.getHandle(id)).catch(() => ({ events: 0, actions: 0 }));

const difference = (more: RunCost, less: RunCost): RunCost => ({
  events: more.events - less.events,
  actions: more.actions - less.actions,
});
