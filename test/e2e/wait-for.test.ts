import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { accept } from '../../triggers/intake/accept.ts';
import { cloudevents } from '../../triggers/sources/cloudevents.ts';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type KitLab, failureOf, startKitLab } from '../support/kit-lab.ts';
import { until } from '../support/until.ts';

const DONE = 'com.example.backup.done';
let tocsin: Installation;
let lab: KitLab;

before(async () => {
  tocsin = await startInstallation();
  [lab] = await Promise.all([startKitLab({}, tocsin.servers), tocsin.startReady('trigger')]);
});
after(async () => {
  await lab?.stop();
  await tocsin?.stop();
});

/** As its sender would, over the intake's own path; resolves to the event's id. */
async function publish(forrun: string, name: string, id: string = randomUUID()): Promise<string> {
  const event = { specversion: '1.0', id, source: 'backup', type: DONE, forrun, data: { name } };
  const accepted = await accept(
    {
      sender: 'backup',
      headers: {},
      contentType: 'application/cloudevents+json',
      raw: Buffer.from(JSON.stringify(event)),
      receivedAt: new Date().toISOString(),
    },
    cloudevents,
    { log: tocsin.log, region: tocsin.region, knownTypes: new Set() },
  );
  assert.equal(accepted.kind, 'read');
  assert.deepEqual(accepted.rejected, []);
  return id;
}
const recordOf = (id: string) =>
  until(`${id} is recorded`, async () => (await tocsin.records()).find(({ event }) => event.id === id));

describe('waitFor', () => {
  it('an event that names the run ends it, and the ledger says so; others do not', async () => {
    const run = await lab.begin('waits', { name: 'db', event: DONE });
    const other = await publish(run.workflowId, 'web');
    const id = await publish(run.workflowId, 'db');
    assert.deepEqual(await run.result(), { by: 'event', id });
    for (const each of [other, id])
      assert.deepEqual((await recordOf(each)).dispositions, [
        { trigger: 'forrun', kind: 'joined', workflowId: run.workflowId, generation: 1, run: 'told' },
      ]);
  });

  it('an event that comes first is kept until the run waits for it', async () => {
    const run = await lab.begin('waits', { name: 'db', event: DONE, first: true });
    const question = await lab.question(run.workflowId);
    const id = await publish(run.workflowId, 'db');
    await recordOf(id);
    await lab.answer(question, 'ann', 'yes');
    assert.deepEqual(await run.result(), { by: 'event', id });
  });

  it('each event ends one wait, also when two wait for the same', async () => {
    const run = await lab.begin('waitsTwice', { event: DONE });
    const ids = [await publish(run.workflowId, 'db'), await publish(run.workflowId, 'db')];
    // Events of different identities are handled side by side, so which comes first is not promised.
    assert.deepEqual(((await run.result()) as string[]).toSorted(), ids.toSorted());
  });

  it('the resolve of its alert ends it, also when it came first', async () => {
    const early = await lab.begin('waits', { name: 'db', resolved: true, first: true }, { onResolved: 'finish' });
    const question = await lab.question(early.workflowId);
    await early.signal(RESOLVED_SIGNAL);
    await lab.answer(question, 'ann', 'yes');
    assert.deepEqual(await early.result(), { by: 'resolved' });
    const late = await lab.begin('waits', { name: 'db', resolved: true }, { onResolved: 'finish' });
    await late.signal(RESOLVED_SIGNAL);
    assert.deepEqual(await late.result(), { by: 'resolved' });
  });

  it('time ends it, at the latest before the run has to end', async () => {
    const short = await lab.begin('waits', { name: 'db', event: DONE, timeoutMs: 1 });
    assert.deepEqual(await short.result(), { by: 'time-out' });
    const long = await lab.begin('waits', { name: 'db', event: DONE, timeoutMs: 86_400_000 }, {}, 30_000);
    assert.deepEqual(await long.result(), { by: 'time-out' });
  });

  it('under policy cancel the run ends when its alert is resolved, unless it waits for that', async () => {
    const run = await lab.begin('waits', { name: 'db', event: DONE });
    await run.signal(RESOLVED_SIGNAL);
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: [] });
  });

  it('what cannot come is refused by name', async () => {
    const nothing = await failureOf(await lab.begin('waits', { name: 'db' }));
    assert.deepEqual(nothing, {
      type: 'BadWait',
      message: '"db to be done" waits for nothing; expected event, resolved or both',
    });
    const deaf = await failureOf(await lab.begin('waits', { name: 'db', resolved: true }, { onResolved: 'ignore' }));
    assert.match(deaf.message, /waits for a resolve that its trigger does not tell of/);
  });

  it('an event for a run that is over, or that never was, is recorded as such', async () => {
    const id = await publish('nobody/here#1', 'db');
    assert.deepEqual((await recordOf(id)).dispositions, [
      { trigger: 'forrun', kind: 'joined', workflowId: 'nobody/here#1', generation: 1, run: 'done' },
    ]);
  });

  it('every event is accounted for', async () => {
    const { counts } = await tocsin.audit();
    assert.deepEqual([counts.stored, counts.pending], [counts.recorded, 0]);
  });
});
