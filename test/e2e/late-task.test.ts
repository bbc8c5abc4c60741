/** Tasks that arrive at a worker when its wire is mended; Temporal has given up what the first of them was about. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Context } from '@temporalio/activity';
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

describe('a worker whose wire was cut', () => {
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

  it('acts on the attempt that Temporal waits for, and not on the one that it has given up meanwhile', async () => {
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
});
