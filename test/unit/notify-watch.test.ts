import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import type { Runs } from '../../triggers/path/ports.ts';
import { clockLook } from '../../workers/notify/looks/clock-skew.ts';
import { lagLook } from '../../workers/notify/looks/lag.ts';
import { readinessLook } from '../../workers/notify/looks/readiness.ts';
import { stoppedRunsLook } from '../../workers/notify/looks/stopped-runs.ts';
import { zoneDataLook } from '../../workers/notify/looks/zone-data.ts';
import { type Look, createWatch } from '../../workers/notify/watch.ts';
import type { TemporalClient } from '../../workers/temporal-connection.ts';
import { workerIdentity, zoneDataOf } from '../../workers/worker-identity.ts';
import { manualClock } from '../support/manual-clock.ts';
import { notice } from '../support/notices.ts';

const logger = pino({ level: 'silent' });
const NOW = 1_000_000;
const now = (): number => NOW;
const keys = async ({ look }: Look): Promise<string[]> => (await look()).map(({ key }) => key);

describe('the watch', () => {
  it('looks at once and again, and one that fails or hangs holds up no other', async () => {
    const clock = manualClock();
    const told: string[] = [];
    let looks = 0;
    const watch = createWatch({
      looks: [
        { name: 'broken', look: () => Promise.reject(new Error('away')) },
        { name: 'hanging', look: () => new Promise(() => undefined) },
        { name: 'good', look: () => Promise.resolve([notice(`n${(looks += 1)}`)]) },
      ],
      everyMs: 10_000,
      notify: ({ key }) => told.push(key),
      logger,
      clock,
    });
    await clock.advance(0);
    assert.deepEqual(told, ['n1']);
    await clock.advance(30_000);
    assert.deepEqual(told, ['n1', 'n2'], 'the one that hangs is given up after 20 s');
    await watch.close();
    assert.deepEqual(clock.pauses(), []);
  });

  for (const [oldestAt, expected, why] of [
    [null, [], 'nothing waits'],
    [NOW - 5_000, [], 'just in time'],
    [NOW - 5_001, ['lag/eu/urgent', 'lag/eu/normal'], 'too long'],
  ] as const)
    it(`lag: ${why}`, async () => {
      const log = {
        consumerState: () =>
          Promise.resolve({ pending: oldestAt === null ? 0 : 1, ackPending: 0, ackFloor: 0, pulls: 1 }),
        next: () => Promise.resolve({ storedAt: oldestAt }),
      } as unknown as EventLog;
      assert.deepEqual(await keys(lagLook({ region: 'eu', log, maxAgeMs: 5_000, now })), expected);
    });

  it('stopped runs: those whose end is near are told in one notice, the first end first; each is asked for its end once', async () => {
    const ends: Record<string, number> = { far: NOW + 1_800_001, near: NOW + 600_000, nearer: NOW + 60_000 };
    const asked: string[] = [];
    const stopped = ['far', 'near', 'nearer'].map((workflowId) => ({
      workflowId,
      runId: workflowId,
      context: { event: { stream: eventStream('eu') } },
    }));
    const runs = {
      stopped: async function* () {
        yield* stopped;
      },
      endsAt: (workflowId: string) => {
        asked.push(workflowId);
        return Promise.resolve(ends[workflowId] ?? null);
      },
    } as unknown as Runs;
    const { look } = stoppedRunsLook({ region: 'eu', runs, now });
    const [told, ...others] = await look();
    assert.deepEqual(
      [told?.key, told?.title, others],
      ['stopped-runs/eu', 'eu: 2 stopped runs end soon, the first in 1m', []],
    );
    assert.match(told?.text ?? '', /: nearer\n.*: near\n/);
    await look();
    assert.deepEqual(asked, ['far', 'near', 'nearer']);
    assert.deepEqual(await keys(stoppedRunsLook({ region: 'us', runs, now })), [], 'of another region');
  });

  for (const [aheadMs, expected] of [
    [2_000, []],
    [-2_001, ['clock/nats']],
    [null, []],
  ] as const)
    it(`a clock that is ${aheadMs} ms ahead of ours, 2 s allowed`, async () => {
      const measured: number[] = [];
      const look = clockLook({
        server: 'nats',
        measure: () => Promise.resolve(aheadMs),
        maxSkewMs: 2_000,
        onMeasured: (ms) => measured.push(ms),
        now,
      });
      assert.deepEqual(await keys(look), expected);
      assert.deepEqual(measured, aheadMs === null ? [] : [aheadMs]);
    });

  it('a part that is not ready is told at the second look, not at the first', async () => {
    let parts: Record<string, boolean> = { started: true, 'trigger eu': false };
    let reasons: Record<string, string> = {};
    const health = { readiness: () => Promise.resolve({ ready: false, parts, reasons }) };
    const look = readinessLook({ health, instance: 'host/1', now });
    assert.deepEqual(await keys(look), []);
    assert.deepEqual(await keys(look), ['unready/host/1/trigger eu']);
    reasons = { 'trigger eu': 'The key expired.' };
    assert.match((await look.look())[0]?.text ?? '', /^The key expired\.\nEvents are kept/);
    parts = { started: true, 'trigger eu': true };
    assert.deepEqual(await keys(look), []);
  });

  for (const [releases, expected] of [
    [['2025b', '2025b'], []],
    [['2025b', 'none'], []],
    [['2025b', '2024a'], ['zone-data']],
  ] as const)
    it(`workers with zone data ${releases.join(' and ')}`, async () => {
      const pollers = releases.map((release, index) => ({ identity: `host ${index} eu tz=${release}` }));
      const client = {
        withDeadline: (_deadline: number, work: () => unknown) => work(),
        workflowService: { describeTaskQueue: () => Promise.resolve({ pollers }) },
      } as unknown as TemporalClient['client'];
      const temporal = { client, namespace: 'default' };
      assert.deepEqual(await keys(zoneDataLook({ temporal, queues: ['activities-eu'], own: '2025b', now })), expected);
    });

  it('a worker says its zone data in its name', () => {
    assert.match(workerIdentity('eu'), /^\S+ \d+ eu#[0-9a-f]{8} v=\d+\.\d+\.\d+\S* tz=(\d{4}[a-z]+|none)$/);
    assert.equal(zoneDataOf('host 1 eu tz=2025b'), '2025b');
    assert.equal(zoneDataOf('1234@somebody'), null);
  });
});
