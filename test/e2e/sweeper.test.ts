import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { LedgerRecord, RunRecord } from '../../triggers/path/disposition.ts';
import type { StartRequest } from '../../triggers/path/ports.ts';
import { type Sweeper, createSweeper } from '../../triggers/path/sweeper.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { type PathServers, startPathServers, startRequest } from '../support/path-servers.ts';
import { type WorkflowTasks, answerWorkflowTasks } from '../support/workflow-tasks.ts';
import { until } from '../support/until.ts';

let servers: PathServers;
let tasks: WorkflowTasks;
before(async () => {
  servers = await startPathServers();
  tasks = answerWorkflowTasks(servers.client);
});
after(async () => {
  await tasks.close();
  await servers.stop();
});

const HOUR_MS = 3_600_000;
/** Later than any run of this file is too young to be stuck. */
const LATER_MS = 60_000;

function sweeperOf(path: RegionPath, told: RunRecord[], engine = false): Sweeper {
  return createSweeper({
    ...path,
    engine,
    runs: servers.runs,
    logger: pino({ level: 'silent' }),
    everyMs: 1_000,
    windowMs: HOUR_MS,
    onFailed: (record) => told.push(record),
    now: () => Date.now() + LATER_MS,
  });
}

/** Sweep until this run is recorded; visibility lags behind by a moment. */
async function sweepFor(sweeper: Sweeper, { workflowId }: Pick<StartRequest, 'workflowId'>): Promise<RunRecord> {
  return until(`the sweeper records ${workflowId}`, async () =>
    (await sweeper.sweep()).find((record) => record.workflowId === workflowId),
  );
}

/** An open episode whose trigger decided for this run. */
async function openEpisode({ book }: RegionPath, { context, workflowId }: StartRequest): Promise<string> {
  const alertKey = context.alertKey ?? '';
  const position = { stream: context.event?.stream ?? '', sequence: context.event?.sequence ?? 0, storedAt: 0 };
  const decision = { workflowId, startedBy: position, attempt: context.attempt };
  const episode = {
    alertKey,
    generation: 1,
    status: 'open',
    openedBy: position,
    lastResolve: null,
    triggers: { [context.trigger ?? '']: decision, other: { ...decision, workflowId: 'other/1' } },
    writtenAt: 0,
  } as const;
  await book.write(episode, 0);
  return alertKey;
}

async function runRecords({ ledger }: RegionPath): Promise<RunRecord[]> {
  const found: LedgerRecord[] = [];
  for await (const record of ledger.read({})) found.push(record);
  return found.filter((record) => record.kind === 'run');
}

describe('sweeper', () => {
  for (const [outcome, detail] of [
    ['terminated', 'by an operator'],
    ['failed', 'disk full'],
    ['timed-out', 'Workflow execution timed out'],
  ] as const) {
    it(`a run that ended as ${outcome} is recorded with its reason, noted in the book, and told once`, async () => {
      const path = await servers.newRegion(outcome);
      const request = startRequest(path.region, 1, { executionTimeoutMs: outcome === 'timed-out' ? 1_000 : HOUR_MS });
      const alertKey = await openEpisode(path, request);
      if (outcome === 'failed') tasks.answer(request.workflowId, { fail: detail });
      await servers.engine.start(request);
      if (outcome === 'terminated') await servers.client.workflow.getHandle(request.workflowId).terminate(detail);
      const told: RunRecord[] = [];
      const sweeper = sweeperOf(path, told);
      const record = await sweepFor(sweeper, request);
      assert.deepEqual([record.outcome, record.detail, record.trigger], [outcome, detail, 'restart']);
      const { episode } = await path.book.read(alertKey);
      assert.equal(episode?.triggers['restart']?.failedAt, Date.parse(record.closedAt ?? ''));
      assert.equal(episode.triggers['other']?.failedAt, undefined, 'the other trigger’s run has not failed');
      await sweeper.sweep();
      await sweeperOf(path, told).sweep();
      assert.equal(told.length, 1, 'neither the next sweep nor another process tells it again');
      assert.equal((await runRecords(path)).length, 1);
    });
  }

  it('a completed run is recorded, and nobody is told', async () => {
    const path = await servers.newRegion('completed');
    const request = startRequest(path.region, 1);
    const alertKey = await openEpisode(path, request);
    tasks.answer(request.workflowId, 'complete');
    await servers.engine.start(request);
    const told: RunRecord[] = [];
    const record = await sweepFor(sweeperOf(path, told), request);
    assert.deepEqual([record.outcome, record.detail, told], ['completed', null, []]);
    const { episode } = await path.book.read(alertKey);
    assert.equal(episode?.triggers['restart']?.failedAt, undefined);
  });

  it('a run of an earlier attempt does not mark the one that follows it', async () => {
    const path = await servers.newRegion('earlier');
    const first = startRequest(path.region, 1, { alertKey: 'flaky' });
    const alertKey = await openEpisode(path, startRequest(path.region, 1, { alertKey: 'flaky', attempt: 2 }));
    await servers.engine.start(first);
    await servers.client.workflow.getHandle(first.workflowId).terminate('first');
    await sweepFor(sweeperOf(path, []), first);
    const { episode } = await path.book.read(alertKey);
    assert.equal(episode?.triggers['restart']?.failedAt, undefined);
  });

  it('a run whose workflow task fails again and again is found stuck, once, and its end is recorded too', async () => {
    const path = await servers.newRegion('stuck');
    const request = startRequest(path.region, 1);
    tasks.answer(request.workflowId, 'break');
    await servers.engine.start(request);
    const told: RunRecord[] = [];
    const sweeper = sweeperOf(path, told);
    const record = await sweepFor(sweeper, request);
    assert.equal(record.outcome, 'stuck');
    assert.match(record.detail ?? '', /its workflow task failed \d+ times/);
    await sweeper.sweep();
    assert.equal(told.length, 1);
    await servers.client.workflow.getHandle(request.workflowId).terminate('mended');
    assert.equal((await sweepFor(sweeper, request)).outcome, 'terminated');
  });

  it('a limit that was terminated is recorded and told by the sweeper that looks at Tocsin’s own workflows', async () => {
    const path = await servers.newRegion('engine');
    const workflowId = 'limit/per-service/checkout';
    const limit = await servers.client.workflow.start('tocsinLimit', { workflowId, taskQueue: 'nobody', args: [] });
    await limit.terminate('by an operator');
    const told: RunRecord[] = [];
    const { trigger, outcome, detail } = await sweepFor(sweeperOf(path, told, true), { workflowId });
    assert.deepEqual([trigger, outcome, detail], [null, 'terminated', 'by an operator']);
    await sweeperOf(path, told, true).sweep();
    assert.equal(told.length, 1);
  });

  it('runs of other regions and plans are not its business; a run that a person started in its region is', async () => {
    const path = await servers.newRegion('mine');
    const byHand = (sequence: number, mode: 'auto' | 'plan') => {
      const request = startRequest(path.region, sequence);
      return { ...request, context: { ...request.context, trigger: null, alertKey: null, event: null, mode } };
    };
    const theirs = startRequest('theirs', 1);
    const [started, planned] = [byHand(2, 'auto'), byHand(3, 'plan')];
    const told: RunRecord[] = [];
    for (const request of [theirs, planned, started]) {
      await servers.engine.start(request);
      await servers.client.workflow.getHandle(request.workflowId).terminate('over');
    }
    await until('visibility shows theirs', async () => {
      for await (const run of servers.runs.closedSince(0)) if (run.workflowId === theirs.workflowId) return true;
      return false;
    });
    const record = await sweepFor(sweeperOf(path, told), started);
    assert.deepEqual([record.trigger, record.outcome, record.detail], [null, 'terminated', 'over']);
    assert.deepEqual(
      (await runRecords(path)).map(({ workflowId }) => workflowId),
      [started.workflowId],
    );
    assert.deepEqual(told, [record], 'and people are told');
  });
});
