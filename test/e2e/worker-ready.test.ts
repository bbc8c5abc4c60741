/** Whether a worker polls is asked about itself: Temporal remembers those that polled before it on the same host, under the same pid. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { activityQueue } from '../../workflows/kit/run-context.ts';
import { ACTIVITY_TASKS, isFresh, pollersOf } from '../../workers/pollers.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { type RunningWorker, createWorker } from '../../workers/worker.ts';
import { describedIdentity } from '../../workers/worker-identity.ts';
import { quietRuntime } from '../support/approvals.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const touch = (): Promise<boolean> => Promise.resolve(true);
const LIMITS = { maxCachedWorkflows: 1, maxActivities: 20, shutdownGraceMs: 1_000 };

describe('a worker that is started anew under the pid of the one before', () => {
  const servers: TestServers[] = [];
  const connections: TemporalConnection[] = [];
  const workers: RunningWorker[] = [];
  let temporal: TemporalConnection;
  let elsewhere: TemporalConnection;
  before(async () => {
    quietRuntime([]);
    servers.push(...(await Promise.all([startTestServers({ temporal: true }), startTestServers({ temporal: true })])));
    for (const { temporalAddress: address, namespace } of servers)
      connections.push(await connectTemporal({ connection: { address }, namespace, external: true }));
    [temporal, elsewhere] = connections as [TemporalConnection, TemporalConnection];
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.shutdown()));
    for (const connection of connections) await connection.close();
    for (const each of servers) await each.stopAll();
  });

  const start = async (on: TemporalConnection): Promise<RunningWorker> => {
    const worker = await createWorker(on, { kind: 'activities', region: 'eu', activities: { touch } }, LIMITS);
    workers.push(worker);
    return worker;
  };
  const remembered = async (): Promise<readonly string[]> =>
    (await pollersOf(temporal, activityQueue('eu'), ACTIVITY_TASKS))
      .filter((poller) => isFresh(poller, Date.now()))
      .map(({ identity }) => identity);

  it('is ready when it polls itself, not because that one did', async () => {
    const first = await start(temporal);
    await until('the first one polls', () => first.polling());
    // Nobody tells the server that it ends, as when a container is killed.

    // It runs, and the server that is asked about it never hears from it.
    const mute = await start({ ...temporal, connection: elsewhere.connection });
    await until('it polls elsewhere', async () => {
      const pollers = await pollersOf(elsewhere, activityQueue('eu'), ACTIVITY_TASKS);
      return pollers.some(({ identity }) => identity === mute.identity);
    });
    assert.deepEqual(await remembered(), [first.identity]);
    assert.equal(await mute.polling(), false);

    // Two of one queue do not fit into one process.
    await first.shutdown();
    const second = await start(temporal);
    await until('the second one polls', () => second.polling());
    assert.notEqual(second.identity, first.identity);
    assert.deepEqual(describedIdentity(second.identity), describedIdentity(first.identity));
    assert.equal(describedIdentity(second.identity).pid, process.pid);
  });
});
