import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { Conflict } from '../../triggers/nats/errors.ts';
import type { RunRecord } from '../../triggers/path/disposition.ts';
import type { Episode } from '../../triggers/path/episode.ts';
import type { EpisodeBook, RunInfo, Runs } from '../../triggers/path/ports.ts';
import { ENGINE_WORKFLOWS } from '../../triggers/path/runs.ts';
import { type SweeperOptions, createSweeper } from '../../triggers/path/sweeper.ts';
import { startRequest } from '../support/path-servers.ts';

const HOUR_MS = 3_600_000;
const REGION = 'eu';

function runInfo(sequence: number, status: RunInfo['status'], closedAt: number | null = null): RunInfo {
  const { workflowId, workflowType, context } = startRequest(REGION, sequence);
  return { workflowId, runId: `run-${sequence}`, workflowType, status, startedAt: 0, closedAt, context };
}

/** Temporal as the test says it is, and what the sweeper asked of it. */
function fakeTemporal() {
  const none: readonly RunInfo[] = [];
  const state = { closed: none, open: none, engine: none, since: [] as number[], asked: [] as string[] };
  const reasons: string[] = [];
  const runs: Runs = {
    find: () => Promise.resolve(null),
    startedSince: () => each([]),
    closedSince: (since, whose) => {
      if (whose === 'engine') return each(state.engine.filter(({ status }) => status !== 'running'));
      state.since.push(since);
      return each(state.closed.filter(({ closedAt }) => (closedAt ?? 0) >= since));
    },
    openBefore: (_before, whose) =>
      each(whose === 'engine' ? state.engine.filter(({ status }) => status === 'running') : state.open),
    failure: (workflowId) => {
      reasons.push(workflowId);
      return Promise.resolve('why');
    },
    stopped: () => each([]),
    endedByStop: () => Promise.resolve(null),
    endsAt: () => Promise.resolve(null),
    plan: () => Promise.resolve(null),
    stuck: (workflowId) => {
      state.asked.push(workflowId);
      return Promise.resolve(null);
    },
    retentionMs: () => Promise.resolve(24 * HOUR_MS),
  };
  return { state, reasons, runs };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const emptyBook: EpisodeBook = {
  read: () => Promise.resolve({ episode: null, revision: 0 }),
  write: () => Promise.reject(new Error('nothing to write')),
};

function sweeperOf(runs: Runs, more: Partial<SweeperOptions> = {}) {
  const clock = { now: 100 * HOUR_MS };
  const recorded: RunRecord[] = [];
  const sweeper = createSweeper({
    region: REGION,
    runs,
    ledger: {
      recordRun: (record) => {
        recorded.push(record);
        return Promise.resolve('recorded');
      },
    },
    book: emptyBook,
    logger: pino({ level: 'silent' }),
    everyMs: 1_000,
    windowMs: 24 * HOUR_MS,
    now: () => clock.now,
    ...more,
  });
  return { sweeper, clock, recorded };
}

const limitInfo = (scope: string, status: RunInfo['status']): RunInfo => ({
  ...runInfo(0, status, status === 'running' ? null : 1),
  workflowId: `limit/per-service/${scope}`,
  runId: scope,
  workflowType: 'tocsinLimit',
  context: null,
});

describe('sweeper', () => {
  it('tells of Tocsin’s own workflows in the one region that looks at them, once', async () => {
    const { state, runs } = fakeTemporal();
    state.engine = [limitInfo('checkout', 'terminated'), limitInfo('search', 'running')];
    const told: RunRecord[] = [];
    const stuck = { ...runs, stuck: () => Promise.resolve('its workflow task failed 4 times') };
    const { sweeper } = sweeperOf(stuck, { engine: true, onFailed: (record) => told.push(record) });
    await sweeper.sweep();
    await sweeper.sweep();
    assert.deepEqual(
      told.map(({ workflowId, workflowType, trigger, outcome }) => [workflowId, workflowType, trigger, outcome]),
      [
        ['limit/per-service/checkout', 'tocsinLimit', null, 'terminated'],
        ['limit/per-service/search', 'tocsinLimit', null, 'stuck'],
      ],
    );
    assert.deepEqual(await sweeperOf(stuck).sweeper.sweep(), []);
  });

  it('knows every workflow of the engine', async () => {
    assert.deepEqual(
      Object.keys(await import('../../workflows/engine/index.ts')).toSorted(),
      [...ENGINE_WORKFLOWS].toSorted(),
    );
  });

  it('what it has recorded costs it nothing in the sweeps that overlap', async () => {
    const { state, reasons, runs } = fakeTemporal();
    const { sweeper, clock, recorded } = sweeperOf(runs);
    state.closed = [runInfo(1, 'failed', clock.now), runInfo(2, 'completed', clock.now)];
    await sweeper.sweep();
    clock.now += 15_000;
    assert.deepEqual(await sweeper.sweep(), []);
    assert.deepEqual([recorded.length, reasons.length], [2, 1]);
  });

  it('looks back over the whole window at first and once an hour, over a short overlap otherwise', async () => {
    const { state, runs } = fakeTemporal();
    const { sweeper, clock } = sweeperOf(runs);
    const start = clock.now;
    for (const after of [0, 15_000, HOUR_MS, HOUR_MS + 15_000]) {
      clock.now = start + after;
      await sweeper.sweep();
    }
    const minute = 60_000;
    assert.deepEqual(
      state.since.map((since) => start - since),
      [24 * HOUR_MS, 2 * minute, 23 * HOUR_MS, 2 * minute - HOUR_MS],
    );
  });

  it('a sweep that failed is repeated from where it began', async () => {
    const { state, runs } = fakeTemporal();
    let away = true;
    const { sweeper, clock } = sweeperOf({
      ...runs,
      failure: () => (away ? Promise.reject(new Error('Temporal is away')) : Promise.resolve('why')),
    });
    state.closed = [runInfo(1, 'failed', clock.now - 10 * HOUR_MS)];
    await assert.rejects(sweeper.sweep(), /Temporal is away/);
    away = false;
    clock.now += 15_000;
    assert.equal((await sweeper.sweep()).length, 1);
  });

  it('asks about a bounded number of open runs in one sweep, and about all of them in turn', async () => {
    const { state, runs } = fakeTemporal();
    const { sweeper } = sweeperOf(runs);
    state.open = Array.from({ length: 450 }, (_, index) => runInfo(index, 'running'));
    const counts: number[] = [];
    for (let sweep = 0; sweep < 4; sweep += 1) {
      await sweeper.sweep();
      counts.push(state.asked.length);
    }
    assert.deepEqual(counts, [200, 400, 450, 650]);
    assert.equal(new Set(state.asked.slice(0, 450)).size, 450);
  });

  it('a record that changes meanwhile is read again; one that never rests makes the sweep fail, for the next to repeat', async () => {
    const { state, runs } = fakeTemporal();
    const run = runInfo(1, 'terminated', 100 * HOUR_MS);
    state.closed = [run];
    for (const conflicts of [2, 100]) {
      let left = conflicts;
      const written: number[] = [];
      const decision = { workflowId: run.workflowId, startedBy: { stream: '', sequence: 1, storedAt: 0 }, attempt: 1 };
      const { sweeper, clock } = sweeperOf(runs, {
        book: {
          read: (alertKey) =>
            Promise.resolve({
              episode: {
                alertKey,
                generation: 1,
                status: 'open',
                openedBy: null,
                lastResolve: null,
                triggers: { restart: decision },
                writtenAt: 0,
              },
              revision: left,
            }),
          write: ({ triggers }) => {
            if (left > 0) {
              left -= 1;
              return Promise.reject(new Conflict('lost'));
            }
            written.push(triggers['restart']?.failedAt ?? 0);
            return Promise.resolve(1);
          },
        },
      });
      if (conflicts === 100) await assert.rejects(sweeper.sweep(), Conflict);
      else await sweeper.sweep();
      assert.deepEqual(written, conflicts === 100 ? [] : [clock.now]);
    }
  });

  it('a failed run is told although its record in the book is none, and hides no stuck one', async () => {
    const { state, runs } = fakeTemporal();
    state.closed = [runInfo(1, 'failed', 99 * HOUR_MS)];
    state.open = [runInfo(2, 'running')];
    const told: string[] = [];
    const garbled = { error: { code: 404 } } as unknown as Episode;
    const { sweeper } = sweeperOf(
      { ...runs, stuck: () => Promise.resolve('its workflow task failed 4 times') },
      {
        book: { ...emptyBook, read: () => Promise.resolve({ episode: garbled, revision: 1 }) },
        onFailed: ({ outcome }) => told.push(outcome),
      },
    );
    await sweeper.sweep();
    assert.deepEqual(told, ['failed', 'stuck']);
  });

  it('the loop survives a sweep that fails, and ends when it is closed', async () => {
    const { runs } = fakeTemporal();
    let lists = 0;
    await new Promise<void>((resolve) => {
      const { sweeper } = sweeperOf(
        {
          ...runs,
          closedSince: () => {
            lists += 1;
            if (lists === 2) void sweeper.close().then(resolve);
            throw new Error('Temporal is away');
          },
        },
        { everyMs: 1 },
      );
      sweeper.start();
    });
    assert.equal(lists, 2);
  });
});
