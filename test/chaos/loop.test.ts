import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { byHandContext } from '../support/lab-context.ts';
import { type PayloadOptions, storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let tocsin: Installation;
let trigger: RoleProcess;
let channel: Receiver;
before(async () => {
  channel = await startReceiver();
  tocsin = await startInstallation({
    loopsWithin: '10m',
    env: { NOTIFY_URL: channel.url.href },
    config: () => ({ notify: { channels: [{ kind: 'webhook', url: 'env:NOTIFY_URL' }] } }),
  });
  await startOfOld();
  [trigger] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
});
after(async () => {
  await tocsin?.stop();
  await channel.close();
});

const OF_OLD = 'of-an-older-build';
/** A run that was begun when the workers still knew its runbook. */
const startOfOld = () =>
  createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace }).start({
    workflowId: OF_OLD,
    workflowType: 'restartServiceOfOld',
    input: { service: 'checkout' },
    context: byHandContext({ service: 'checkout' }),
    executionTimeoutMs: 600_000,
    summary: 'by the test',
  });

const store = async (status: 'firing' | 'resolved', options: PayloadOptions): Promise<EventRecord> => {
  const { ack } = await storeAlert(tocsin.log, tocsin.region, status, options);
  return until(`record ${ack.sequence}`, async () =>
    (await tocsin.records()).find(({ position }) => position.sequence === ack.sequence),
  );
};
interface Told {
  readonly key: string;
  readonly severity: string;
  readonly title: string;
  readonly text: string;
}
const told = (): Told[] => channel.requests.map(({ body }) => JSON.parse(body) as Told);
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

    const name = `${tocsin.region}/${parked.position.sequence}`;
    const key = `loop/${tocsin.region}/restart-service/${parked.event.alertKey}`;
    const notice = await until('people are told', () => told().find((each) => each.key === key));
    assert.deepEqual([notice.severity, notice.title], ['critical', 'eu: loop, trigger restart-service is parked']);
    assert.ok(notice.text.includes(`reason: ${held.detail}`), notice.text);
    assert.ok(notice.text.endsWith(`\nrelease: tocsin held release ${name}`), notice.text);

    const again = await store('firing', { instance: 'pod-3', startsAt: now() });
    assert.deepEqual(again.dispositions, parked.dispositions, 'it stays parked while it fires on');
    const explained = await cli(tocsin.env, 'explain', parked.event.alertKey ?? '');
    assert.match(explained.stdout, /held it \(loop\): would run .* caused by/);

    const { json } = await cli(tocsin.env, '--json', 'held', 'list');
    const [listed] = json as { name: string; key: string; reason: string; count: number }[];
    assert.deepEqual([listed?.key, listed?.reason, listed?.count], [parked.event.alertKey, 'loop', 2]);
    assert.equal(told().filter((each) => each.key === key).length, 1, 'the same is not told twice');
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

describe('a run whose runbook the workers do not know any more', () => {
  it('is told as stuck, once, also when another process looks', async () => {
    const ofOld = (): Told[] => told().filter(({ key }) => key.startsWith(`run/${OF_OLD}/`));
    const stuck = await until('it is told', () => ofOld()[0], 120_000);
    assert.deepEqual(
      [stuck.key, stuck.severity, stuck.title],
      [`run/${OF_OLD}/stuck`, 'critical', `eu: run ${OF_OLD} is stuck`],
    );
    assert.match(stuck.text, /^reason: its workflow task failed \d+ times, because the code of its runbook does: .+$/m);
    await tocsin.client.workflow.getHandle(OF_OLD).terminate('mended');
    await until('its end is told', () => ofOld().find(({ key }) => key.endsWith('/terminated')));
    assert.equal(ofOld().length, 2);
  });
});
