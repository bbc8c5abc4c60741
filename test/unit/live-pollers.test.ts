import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { POLL_SEEN_MS, livePollers } from '../../workers/pollers.ts';
import type { TemporalClient } from '../../workers/temporal-connection.ts';
import { describeDeployment } from '../../workers/versions/deployment.ts';

const NOW = Date.parse('2026-06-04T12:00:00Z');
const identity = (start: string, { host = 'pod-1', pid = 7, part = 'eu', version = '1.2.0' } = {}): string =>
  `${host} ${pid} ${part}#${start} v=${version} tz=2025b`;
const seen = (name: string, agoMs: number, now = NOW) => ({ identity: name, seenAt: now - agoMs });
const alive = (...pollers: readonly ReturnType<typeof seen>[]): readonly string[] =>
  livePollers(pollers, NOW).map((each) => each.identity);

describe('workers that poll', () => {
  const [before, after] = [identity('0a0a0a0a'), identity('1b1b1b1b', { version: '1.3.0' })];

  it('are no process that another one has followed in the same container', () => {
    assert.deepEqual(alive(seen(before, 9_000), seen(after, 1_000)), [after]);
    assert.deepEqual(alive(seen(after, 1_000), seen(before, 9_000)), [after], 'in any order');
  });

  it('are all of those that differ in host, process or part, and of somebody else each', () => {
    const others = [{ host: 'pod-2' }, { pid: 8 }, { part: 'us' }].map((each) => identity('2c2c2c2c', each));
    const all = [after, ...others, 'python@pod-1', 'python 7 eu'];
    assert.deepEqual(alive(...all.map((each) => seen(each, 1_000))), all);
  });

  it('are none that was not seen for longer than a poll lasts', () => {
    assert.deepEqual(alive(seen(before, POLL_SEEN_MS), seen('python@pod-1', POLL_SEEN_MS)), []);
    assert.deepEqual(alive(seen(before, POLL_SEEN_MS - 1)), [before]);
  });

  it('are counted so for a version', async () => {
    const now = Date.now();
    const ghost = identity('3d3d3d3d', { host: 'pod-3' });
    const pollers = [seen(before, 30_000, now), seen(after, 1_000, now), seen(ghost, POLL_SEEN_MS + 60_000, now)].map(
      ({ identity: name, seenAt }) => ({
        identity: name,
        lastAccessTime: { seconds: Math.floor(seenAt / 1_000) },
        deploymentOptions: { buildId: 'b1' },
      }),
    );
    const client = {
      withDeadline: (_deadline: number, work: () => unknown) => work(),
      workflow: { count: () => Promise.resolve({ count: 0 }) },
      workflowService: {
        describeWorkerDeployment: () =>
          Promise.resolve({
            workerDeploymentInfo: { versionSummaries: [{ deploymentVersion: { buildId: 'b1' }, status: 2 }] },
          }),
        describeWorkerDeploymentVersion: () =>
          Promise.resolve({
            versionTaskQueues: [
              { name: 'activities-eu', type: 2 },
              { name: 'runbooks', type: 1 },
            ],
          }),
        describeTaskQueue: () => Promise.resolve({ pollers }),
      },
    } as unknown as TemporalClient['client'];
    const { current } = await describeDeployment({ client, namespace: 'default', deployment: 'tocsin' });
    assert.deepEqual([current?.workers, current?.remembered], [1, 3]);
  });
});
