/** Tasks that arrive at a worker when its wire is mended; Temporal has given up what the first of them was about. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { refuseStale } from '../../activities/refuse-stale.ts';
import { NOT_BEGUN } from '../../workflows/kit/run-context.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { type RunningWorker, createWorker } from '../../workers/worker.ts';
import { quietRuntime } from '../support/approvals.ts';
import { type OnePerTarget, startOnePerTarget } from '../support/one-per-target.ts';
import { type PausingProxy, startPausingProxy } from '../support/pausing-proxy.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const LIMITS = { maxCachedWorkflows: 1, maxActivities: 20, shutdownGraceMs: 1_000 };
/** PENDING_ACTIVITY_STATE_STARTED */
const STARTED = 2;

describe('a task that comes late', () => {
  let servers: TestServers;
  let proxy: PausingProxy;
  let runbooks: OnePerTarget;
  const connections: TemporalConnection[] = [];
  const workers: RunningWorker[] = [];
  const acted: string[] = [];

  const connectTo = async (address: string): Promise<TemporalConnection> => {
    const connected = await connectTemporal({ connection: { address }, namespace: servers.namespace, external: true });
    connections.push(connected);
    return connected;
  };
  const startWorker = async (temporal: TemporalConnection): Promise<void> => {
    const touch = (): Promise<boolean> => {
      const { attempt, workflowExecution } = Context.current().info;
      acted.push(`${workflowExecution?.workflowId}, attempt ${attempt}`);
      return Promise.resolve(true);
    };
    const worker = await createWorker(temporal, { kind: 'activities', region: 'eu', activities: { touch } }, LIMITS);
    workers.push(worker);
    await until('it polls', () => worker.polling());
  };
  before(async () => {
    quietRuntime([]);
    servers = await startTestServers({ temporal: true });
    proxy = await startPausingProxy(Number(servers.temporalAddress.split(':')[1]));
    runbooks = await startOnePerTarget(await connectTo(servers.temporalAddress));
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.shutdown()));
    await runbooks?.shutdown();
    for (const connection of connections) await connection.close();
    await proxy?.close();
    await servers?.stopAll();
  });

  it('acts when its attempt is the one that Temporal waits for, and not when it has given it up meanwhile', async () => {
    await startWorker(await connectTo(`127.0.0.1:${proxy.port}`));
    proxy.pause();
    const first = await runbooks.begin('first', 'database', true);
    // The server gives both to the worker that cannot hear, the second one when the time of the first is over.
    await until('the second attempt is begun', async () => {
      const { raw } = await first.describe();
      return raw.pendingActivities?.some(({ state, attempt }) => state === STARTED && attempt === 2);
    });
    proxy.resume();
    await first.result();
    await (await runbooks.begin('second', 'database', true)).result();
    assert.deepEqual(acted, ['first, attempt 2', 'second, attempt 1']);
  });

  /** Where every task seems late, and Temporal cannot be asked for so many times. */
  const startDeafWorker = async (region: string, refusals: number): Promise<readonly string[]> => {
    const done: string[] = [];
    const temporal = await connectTo(servers.temporalAddress);
    const touch = ({ target }: { readonly target: string }): Promise<boolean> => {
      done.push(target);
      return Promise.resolve(true);
    };
    const question = (): Promise<boolean> => {
      done.push('asked');
      return done.length > refusals ? Promise.resolve(true) : Promise.reject(new Error('no connection'));
    };
    const around = [refuseStale(question, () => Date.now() + 60_000)];
    workers.push(await createWorker(temporal, { kind: 'activities', region, activities: { touch }, around }, LIMITS));
    return done;
  };
  // As runs of today are begun, and as those of before were.
  for (const [name, more] of [
    ['placed', { regions: {} }],
    ['plain', {}],
  ] as const) {
    it(`of a step that must not be repeated (${name}) is made again, without a human, where Temporal cannot be asked`, async () => {
      const done = await startDeafWorker(`deaf-${name}`, 2);
      const run = await runbooks.beginOnce(
        `deaf-${name}`,
        { target: 'disk', bounded: true, totalMs: 60_000 },
        { region: `deaf-${name}`, ...more },
      );
      assert.equal(await run.result(), true);
      assert.deepEqual(done, ['asked', 'asked', 'asked', 'disk']);
    });

    it(`of such a step (${name}) fails when its time is up, with nothing to undo`, async () => {
      const done = await startDeafWorker(`lost-${name}`, Infinity);
      const run = await runbooks.beginOnce(
        `lost-${name}`,
        { target: 'tape', bounded: true, totalMs: 6_000 },
        { region: `lost-${name}`, ...more },
      );
      const failure = await run.result().catch((error: unknown) => (error as WorkflowFailedError).cause?.cause);
      assert.ok(failure instanceof ApplicationFailure, String(failure));
      assert.equal(failure.type, NOT_BEGUN);
      assert.match(failure.message, /nothing was done \(Error: no connection\)/);
      assert.deepEqual([...new Set(done)], ['asked']);
      const { events } = await run.fetchHistory();
      assert.ok(!events?.some(({ userMetadata }) => String(userMetadata?.summary?.data).includes('undo')));
    });
  }
});
