import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type ActivityInterceptorsFactory, DefaultLogger } from '@temporalio/worker';
import { refuseStale } from '../../activities/refuse-stale.ts';
import { currentAttempt } from '../../workers/current-attempt.ts';
import { FENCE_HEADER } from '../../workflows/engine/limit-protocol.ts';
import { NOT_BEGUN } from '../../workflows/kit/run-context.ts';

const SCHEDULED_MS = Date.UTC(2026, 10, 25, 12);
const ACTED = { acted: true, refused: '', type: undefined };

/** What became of a task that reaches its worker so long after it was scheduled, and whether the server was asked. */
async function task(
  lateMs: number,
  server: 'current' | 'given up' | 'away',
  { limited = true, before, attempt = 2 }: { limited?: boolean; before?: number; attempt?: number } = {},
) {
  const seen = { asked: false, acted: false, refused: '', type: undefined as unknown };
  const around = refuseStale(
    (info) => {
      seen.asked = true;
      assert.equal(info.attempt, attempt);
      return server === 'away' ? Promise.reject(new Error('no connection')) : Promise.resolve(server === 'current');
    },
    () => SCHEDULED_MS + lateMs,
  );
  if (before !== undefined) await came(around, before + lateMs);
  const environment = new MockActivityEnvironment(
    { attempt, currentAttemptScheduledTimestampMs: SCHEDULED_MS },
    { interceptors: [around], logger: new DefaultLogger('ERROR') },
  );
  const headers = limited ? { [FENCE_HEADER]: defaultPayloadConverter.toPayload([]) } : {};
  const { execute } = around(environment.context).inbound ?? {};
  await environment
    .run(async () => execute?.({ args: [], headers }, async () => (seen.acted = true)))
    .catch((error: Error & { readonly type?: string }) => {
      [seen.refused, seen.type] = [error.message, error.type];
    });
  return seen;
}

/** Another task, of a step under no limit, that was scheduled so long after the one in question. */
async function came(around: ActivityInterceptorsFactory, laterMs: number): Promise<void> {
  const { context } = new MockActivityEnvironment({ currentAttemptScheduledTimestampMs: SCHEDULED_MS + laterMs });
  await around(context).inbound?.execute?.({ args: [], headers: {} }, () => Promise.resolve());
}

describe('a task of a step under limits', () => {
  it('acts at once when it is fresh, and nobody is asked', async () => {
    assert.deepEqual(await task(1_500, 'given up'), { asked: false, ...ACTED });
  });

  for (const [why, lateMs] of [
    ['lay on a wire that was cut', 15_000],
    ['seems to be of the future: the clock of the host is wrong', -3_600_000],
  ] as const) {
    it(`that ${why} is refused when Temporal has given it up`, async () => {
      const { acted, refused } = await task(lateMs, 'given up');
      assert.equal(acted, false);
      assert.match(refused, /attempt 2 came too late to this worker/);
    });

    it(`that ${why} acts when Temporal waits for it`, async () => {
      assert.deepEqual(await task(lateMs, 'current'), { asked: true, ...ACTED });
    });

    it(`that ${why} does not act while nobody can be asked, and says of a first attempt that nothing was done`, async () => {
      const first = await task(lateMs, 'away', { attempt: 1 });
      assert.deepEqual([first.acted, first.type], [false, NOT_BEGUN]);
      assert.match(first.refused, /nothing was done \(Error: no connection\)/);
      const { acted, refused, type } = await task(lateMs, 'away');
      assert.deepEqual([acted, refused, type], [false, 'no connection', undefined]);
    });
  }

  it('that seems fresh by a clock that is behind is asked about once that was seen', async () => {
    // By this clock the task before it came 30 s before it was scheduled, so this one lay for half a minute.
    const { acted, asked } = await task(1_000, 'given up', { before: 30_000 });
    assert.deepEqual([acted, asked], [false, true]);
  });

  it('under no limit is not asked about', async () => {
    assert.deepEqual(await task(15_000, 'given up', { limited: false }), { asked: false, ...ACTED });
  });
});

describe('the attempt that Temporal waits for', () => {
  const info = { activityId: '7', attempt: 2, workflowExecution: { workflowId: 'w', runId: 'r' } } as never;
  const told = (answer: () => Promise<unknown>): Promise<boolean> =>
    currentAttempt({
      namespace: 'default',
      client: {
        withDeadline: (_: number, work: () => Promise<unknown>) => work(),
        workflowService: { describeWorkflowExecution: answer },
      } as never,
    })(info);
  const pending = (...all: readonly object[]) => told(() => Promise.resolve({ pendingActivities: all }));

  it('is the one with its number, once a worker has it', async () => {
    assert.equal(
      await pending({ activityId: '6', attempt: 2, state: 2 }, { activityId: '7', attempt: 2, state: 2 }),
      true,
    );
    assert.equal(await pending({ activityId: '7', attempt: 2, state: 3 }), true, 'also when it is being cancelled');
  });

  it('is no other: the next one runs, none runs, the step has ended, the run is gone', async () => {
    assert.equal(await pending({ activityId: '7', attempt: 3, state: 2 }), false);
    assert.equal(await pending({ activityId: '7', attempt: 2, state: 1 }), false);
    assert.equal(await pending(), false);
    const gone = Object.assign(new Error('gone'), { code: 5, details: '', metadata: {} });
    assert.equal(await told(() => Promise.reject(gone)), false);
  });

  it('is not known while the server is away', async () => {
    const away = Object.assign(new Error('away'), { code: 14, details: '', metadata: {} });
    await assert.rejects(
      told(() => Promise.reject(away)),
      /away/,
    );
  });
});
