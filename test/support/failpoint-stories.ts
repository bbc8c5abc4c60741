/** What a trigger process goes through while it dies at a failpoint: its everyday work, and its troubles. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { StoredEvent } from '../../triggers/intake/accept.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { bookSubject, eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { EVENT_SIGNAL, RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import type { Failpoint } from './failpoint.ts';
import { type Story, type Trial, inStory } from './failpoint-lab.ts';
import type { TriggerSettings } from './failpoint-process.ts';
import { storeAlert } from './payloads.ts';

/** An alert that is resolved, one whose run fails, an event for a run, and a message that nobody can read. */
export const everyday: Story = { duplicateWindowMs: 100, tell: everydayStory };

async function everydayStory(trial: Trial): Promise<void> {
  const { region } = trial;
  const { log, client } = trial.lab;
  // One transient failure, so that giving back and trying again are on the path as well.
  const transient: Failpoint = { at: 'ledger.find', fault: 'reply-lost', marker: trial.file('transient') };
  superviseTrigger(trial, { busyUntil: null }, [transient]);
  const resolving = await storeAlert(log, region, 'firing', { instance: `${region} resolving` });
  await storeAlert(log, region, 'firing', { instance: `${region} failing` });
  await log.publish(eventSubject(region, 'normal', 'nats', 'x'), Buffer.from('not json'));
  const opened = await inStory('both episodes have a run', async () => {
    const found = await trial.runs();
    return found.length === 2 && found;
  });
  const failing = opened.find(({ context }) => context?.alertKey !== keyOf(resolving));
  const told = opened.find(({ context }) => context?.alertKey === keyOf(resolving));
  assert.ok(failing && told);
  await client.workflow.getHandle(failing.workflowId).terminate('failed');
  await storeEventFor(trial, told.workflowId);
  await storeAlert(log, region, 'resolved', { instance: `${region} resolving`, endsAt: '2026-01-01T00:10:00Z' });

  await inStory('five events and a closed run are recorded', async () => {
    const records = await trial.records();
    return records.filter(({ kind }) => kind === 'event').length === 5 && records.some(({ kind }) => kind === 'run');
  });
  await trial.settled();
  assert.equal((await trial.runs()).length, 2, 'one run for each episode');
  await hasHeard(trial, told.workflowId);
  assert.equal((await trial.letters()).length, 1, 'one dead letter');
  await inStory('the failure is in the book', async () => {
    const { episode } = await trial.path.book.read(failing.context?.alertKey ?? '');
    return episode?.triggers[restartServiceTrigger.id]?.failedAt;
  });
  const { runs, ...counts } = await trial.audited();
  assert.ok(runs <= 2);
  assert.deepEqual(counts, { stored: 5, recorded: 5, pending: 0, started: 2 });
}

/**
 * An alert whose record in the book nobody can read, a run that cannot go on, and an alert whose resolve is handled only after it has fired
 * anew; the server that starts runs is slow.
 */
export const troubles: Story = { duplicateWindowMs: 100, tell: troublesStory };

async function troublesStory(trial: Trial): Promise<void> {
  const { region } = trial;
  const { log, tasks } = trial.lab;
  const spoilt = await storeAlert(log, region, 'firing', { instance: `${region} spoilt` });
  await log.publish(bookSubject(region, keyOf(spoilt)), Buffer.from('no record'));
  const stuck = firstRunOf(region, await storeAlert(log, region, 'firing', { instance: `${region} stuck` }));
  tasks.answer(stuck, 'break');
  const again = { instance: `${region} again` };
  const first = await storeAlert(log, region, 'firing', again);
  const busyUntil = trial.file('normal-lane');
  superviseTrigger(trial, { busyUntil });
  await isRecorded(trial, first);
  await storeAlert(inNormalLane(log), region, 'resolved', { ...again, endsAt: '2026-01-01T00:10:00Z' });
  await isRecorded(trial, await storeAlert(log, region, 'firing', { ...again, startsAt: '2026-01-01T00:20:00Z' }));
  writeFileSync(busyUntil, '');

  await inStory('each episode has its run', async () => (await trial.runs()).length >= 3);
  await inStory('the run that cannot go on is recorded', async () =>
    (await trial.records()).some((record) => record.kind === 'run' && record.outcome === 'stuck'),
  );
  await trial.settled();
  const generations = (await trial.runs()).map(({ context }) => context?.generation ?? 0);
  assert.deepEqual(
    generations.toSorted((a, b) => a - b),
    [1, 1, 2],
    'one run for each episode, also for the one that a late resolve has opened',
  );
  const noted = (await trial.records()).filter(({ kind }) => kind === 'run');
  assert.deepEqual(
    noted.map((record) => record.kind === 'run' && [record.workflowId, record.outcome]),
    [[stuck, 'stuck']],
  );
  assert.deepEqual(
    (await trial.letters()).map(({ reason, original }) => [reason, original.sequence]),
    [['cannot-be-handled', spoilt.ack.sequence]],
  );
  const { stored, recorded, pending, started } = await trial.audited();
  assert.ok(stored >= 6, 'the firing that was overtaken is put back, once at least');
  assert.deepEqual([recorded, pending, started], [stored, 0, 3]);
}

const superviseTrigger = (trial: Trial, settings: TriggerSettings, failpoints: readonly Failpoint[] = []): void =>
  trial.supervise('failpoint-process', settings, { failpoints });

const isRecorded = ({ records }: Trial, { ack: { sequence } }: StoredEvent): Promise<unknown> =>
  inStory(`event ${sequence} is recorded`, async () =>
    (await records()).some((record) => record.kind === 'event' && record.position.sequence === sequence),
  );

const keyOf = ({ event }: StoredEvent): string => event.partitionkey ?? '';

const firstRunOf = (region: string, stored: StoredEvent): string =>
  workflowId({
    stream: eventStream(region),
    trigger: restartServiceTrigger.id,
    key: keyOf(stored),
    generation: 1,
    attempt: 1,
  });

/** As for a sender whose resolves carry no severity. */
const inNormalLane = (log: EventLog): EventLog => ({
  ...log,
  publish: (subject, ...rest) => log.publish(subject.replace('.urgent.', '.normal.'), ...rest),
});

async function storeEventFor({ lab: { log }, region }: Trial, run: string): Promise<void> {
  const event = { specversion: '1.0', id: region, source: '/test', type: 'com.example.told', forrun: run };
  await log.publish(eventSubject(region, 'normal', 'nats', 'told'), Buffer.from(JSON.stringify(event)));
}

/** Signals wait for a task that is in hand. */
async function hasHeard({ lab: { client } }: Trial, run: string): Promise<void> {
  await inStory('the run knows that its alert is resolved, and has the event that names it', async () => {
    const { events } = await client.workflow.getHandle(run).fetchHistory();
    const heard = events?.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName) ?? [];
    return heard.includes(RESOLVED_SIGNAL) && heard.includes(EVENT_SIGNAL);
  });
}
