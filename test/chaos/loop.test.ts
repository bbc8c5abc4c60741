import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { type PayloadOptions, storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

let tocsin: Installation;
let trigger: RoleProcess;
before(async () => {
  tocsin = await startInstallation({ loopsWithin: '10m' });
  [trigger] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
});
after(() => tocsin.stop());

const store = async (status: 'firing' | 'resolved', options: PayloadOptions): Promise<EventRecord> => {
  const { ack } = await storeAlert(tocsin.log, tocsin.region, status, options);
  return until(`record ${ack.sequence}`, async () =>
    (await tocsin.records()).find(({ position }) => position.sequence === ack.sequence),
  );
};
const now = (): string => new Date().toISOString();
const restarts = (): number => tocsin.service.effects().filter(({ action }) => action === 'restart').length;

/** The service falls, an alert says so, a run restarts it, the alert is over; resolves to the record that started nothing. */
async function turn(instanceOf: (n: number) => string): Promise<{ runs: string[]; parked: EventRecord }> {
  const runs: string[] = [];
  for (let n = 0; n < 10; n += 1) {
    await tocsin.service.exhaust();
    const record = await store('firing', { instance: instanceOf(n), startsAt: now() });
    const [disposition] = record.dispositions;
    if (disposition?.kind !== 'started') return { runs, parked: record };
    runs.push(disposition.workflowId);
    await tocsin.client.workflow.getHandle(disposition.workflowId).result();
    await store('resolved', { instance: instanceOf(n), startsAt: null, endsAt: now() });
  }
  return assert.fail('it never ended');
}

describe('a runbook that causes its own alert', () => {
  it('acts three times at most, is parked and explained, and goes on when an operator says so', async () => {
    const { runs, parked } = await turn((n) => `pod-${n}`);
    assert.equal(runs.length, 3);
    assert.equal(restarts(), 3);
    const [held] = parked.dispositions;
    assert.ok(held?.kind === 'held' && held.reason === 'loop', JSON.stringify(held));
    assert.ok(held.detail.includes(runs[2] ?? ''), held.detail);
    const memo = await tocsin.runs.find(runs[2] ?? '');
    assert.deepEqual(memo?.context?.lineage, { causedBy: runs[1], depth: 2 });

    const again = await store('firing', { instance: 'pod-3', startsAt: now() });
    assert.deepEqual(again.dispositions, parked.dispositions, 'it stays parked while it fires on');
    const explained = await cli(tocsin.env, 'explain', parked.event.alertKey ?? '');
    assert.match(explained.stdout, /held it \(loop\): would run .* caused by/);

    const { json } = await cli(tocsin.env, '--json', 'held', 'list');
    const [listed] = json as { name: string; key: string; reason: string; count: number }[];
    assert.deepEqual([listed?.key, listed?.reason, listed?.count], [parked.event.alertKey, 'loop', 2]);
    const released = await cli(tocsin.env, '--json', 'held', 'release', listed?.name ?? '');
    assert.equal(released.code, 0, released.stdout);
    await until('the fourth restart', () => restarts() === 4);
    assert.deepEqual((await tocsin.audit()).offenders, []);
  });

  it('what another process has started is known from Temporal', async () => {
    await trigger.kill();
    await tocsin.startReady('trigger');
    const record = await store('firing', { instance: 'pod-9', startsAt: now() });
    const [held] = record.dispositions;
    assert.ok(held?.kind === 'held' && held.reason === 'loop', JSON.stringify(held));
  });
});
