import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ALLOWED_SIGNAL, NO_WORKER, RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { WINDOW_CLOSED } from '../../workflows/kit/window-message.ts';
import { openHumanQuestion } from '../../workers/open-question.ts';
import { causeOf } from '../support/failure-of.ts';
import { failureOf } from '../support/kit-lab.ts';
import { type RegionLab, startRegionLab } from '../support/region-lab.ts';
import { until } from '../support/until.ts';

const noWorkerAfterMs = 1_000;

describe('a region without workers', () => {
  let lab: RegionLab;

  before(async () => {
    lab = await startRegionLab({
      regions: {
        waits: { noWorkerAfterMs },
        doubt: { noWorkerAfterMs },
        asks: { noWorkerAfterMs, whenNoWorker: 'ask', failOver: ['empty', 'spare'] },
        late: { noWorkerAfterMs, whenNoWorker: 'ask', failOver: ['spare'] },
        soon: { noWorkerAfterMs: 1_500, whenNoWorker: 'ask', failOver: ['spare'] },
        given: { noWorkerAfterMs, whenNoWorker: 'ask', failOver: ['spare'] },
        gone: { noWorkerAfterMs, whenNoWorker: 'ask', failOver: ['spare'] },
        over: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['dead', 'spare'] },
        tried: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['spare'] },
        named: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['renamed'] },
        renamed: { queue: 'a-queue-of-its-own' },
        alone: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['dead'] },
        fails: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['spare'] },
        closes: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['spare'] },
        brief: { noWorkerAfterMs, whenNoWorker: 'failOver', failOver: ['spare'] },
      },
    });
    await lab.startWorker('spare');
  });
  after(() => lab?.stop());

  it('is told within the set time, and a step waits for a worker to come', async () => {
    const run = await lab.begin('placed', 'waits', { name: 'w', region: 'waits' });
    const details = await until('it is in the details', async () => {
      const text = await lab.details(run);
      return text.includes('no worker') ? text : null;
    });
    assert.match(details, /⏳ no worker in waits took "act on w": waits for one/);
    assert.equal(await lab.phase(run), 'no-worker');
    assert.deepEqual(
      lab.told.filter(({ about }) => about === 'no-worker/waits').map(({ severity, title }) => [severity, title]),
      [['warning', 'no worker in region waits']],
    );
    assert.ok(lab.counted.includes('waits'));
    await lab.startWorker('waits');
    assert.equal(await run.result(), 'waits');
    assert.equal(lab.done('w').length, 1);
    assert.match(await lab.details(run), /✔ no worker in waits/);
    assert.equal(await lab.phase(run), 'ordinary');
  });

  it('asks people when it is to ask', async () => {
    const run = await lab.begin('placed', 'asks', { name: 'a', region: 'asks', totalMs: 3_000 });
    const notice = await until('people are told', () => lab.told.find(({ about }) => about === 'no-worker/asks'));
    assert.equal(notice.severity, 'critical');
    await run.cancel();
    await assert.rejects(run.result(), WorkflowFailedError);
    assert.deepEqual(lab.done('a'), []);
    assert.doesNotMatch(await lab.details(run), /undo/, 'what is cancelled before a worker had it is not undone');
    // Side by side their ends may be heard together, and one by one when the history is read again.
    assert.deepEqual((await localActivities(run)).slice(0, 2), ['tellNoWorker', 'openQuestion']);
  });

  it('undoes nothing of a step that the red button refused each time it was tried', async () => {
    lab.stops.add('p');
    const run = await lab.begin('placed', 'pressed', { name: 'p', region: 'spare' });
    const refused = (times: number) => until(`refused ${times} times`, () => lab.refused.length === times);
    await refused(1);
    await until('it waits', async () => (await lab.details(run)).includes('waiting: red button'));
    await run.signal(ALLOWED_SIGNAL);
    await refused(2);
    await run.signal(RESOLVED_SIGNAL);
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: [] });
    assert.deepEqual([...lab.done('p'), ...lab.done('undo p')], []);
  });

  it('lets people say who acts, and asks again when nobody is there either', async () => {
    const run = await lab.begin('placed', 'moved', { name: 'm', region: 'asks' });
    assert.deepEqual(await lab.answer(run, 'act in empty'), ['wait on', 'give up', 'act in empty', 'act in spare']);
    await until('it asks about the other', async () => (await lab.details(run)).includes('no worker in empty took'));
    assert.deepEqual(await lab.answer(run, 'act in spare'), ['wait on', 'give up', 'act in asks', 'act in spare']);
    assert.equal(await run.result(), 'spare');
    assert.deepEqual(
      lab.done('m').map(({ region, meant }) => [region, meant]),
      [['spare', 'asks']],
    );
  });

  it('ends the step when they give it up, and undoes nothing', async () => {
    const run = await lab.begin('placed', 'given-up', { name: 'g', region: 'asks' });
    await lab.answer(run, 'give up');
    const error = await run.result().catch((failure: unknown) => failure);
    assert.ok(error instanceof WorkflowFailedError);
    assert.match(error.cause?.message ?? '', /nothing was done; given up by Ann: test; start one/);
    assert.deepEqual([...lab.done('g'), ...lab.done('undo g')], []);
  });

  it('asks also how to undo, once the run is cancelled, and heeds the answer', async () => {
    const worker = await lab.startWorker('gone');
    lab.hangs.add('u');
    const run = await lab.begin('placed', 'undone', { name: 'u', region: 'gone' });
    await until('it acts', () => lab.done('u').length === 1);
    await run.cancel();
    await worker.shutdown();
    assert.deepEqual(await lab.answer(run, 'act in spare'), ['wait on', 'give up', 'act in spare']);
    await assert.rejects(run.result(), WorkflowFailedError);
    assert.deepEqual(
      lab.done('undo u').map(({ region, meant }) => [region, meant]),
      [['spare', 'gone']],
    );
  });

  it('asks no longer once a worker has come', async () => {
    const run = await lab.begin('placed', 'late', { name: 'late', region: 'late' });
    await until('it asks', () => openHumanQuestion(lab.client, 'late'));
    await lab.startWorker('late');
    assert.equal(await run.result(), 'late');
    assert.equal(lab.done('late').length, 1);
  });

  it('a step that a worker has taken waits for nobody’s answer about another', async () => {
    const run = await lab.begin('twiceEach', 'queued', { name: 'q', regions: ['asks', 'soon'] });
    await until('it asks about one', () => openHumanQuestion(lab.client, 'queued'));
    await until('both are without a worker', async () =>
      /no worker in asks[^]*no worker in soon/.test(await lab.details(run)),
    );
    const asked = lab.told.length;
    await lab.startWorker('soon');
    await until('the other goes on', () => lab.done('second q soon').length === 1, 10_000);
    assert.equal(lab.told.length, asked, 'and asks nobody any more');
    await run.terminate();
  });

  it('offers no other region once a worker was given the step', async () => {
    const first = await lab.startWorker('given');
    lab.hangs.add('gv');
    const run = await lab.begin('placed', 'given', { name: 'gv', region: 'given', attemptMs: 1_500 });
    await until('a worker has begun', () => lab.done('gv').length === 1);
    await first.shutdown();
    lab.hangs.clear();
    assert.deepEqual(await lab.answer(run, 'wait on'), ['wait on', 'give up']);
    await lab.startWorker('given');
    assert.equal(await run.result(), 'given');
  });

  it('lets the first region of its list act that has a worker, under the same key, and says for whom', async () => {
    const run = await lab.begin('placed', 'over', { name: 'o', region: 'over' });
    assert.equal(await run.result(), 'spare');
    const [done, ...more] = lab.done('o');
    assert.deepEqual(more, []);
    assert.deepEqual([done?.region, done?.meant], ['spare', 'over']);
    const details = await lab.details(run);
    assert.match(details, /no worker in over took "act on o": is tried in dead/);
    assert.match(details, /no worker in dead took "act on o": is tried in spare/);
    assert.deepEqual(lab.counted.filter((region) => region === 'over' || region === 'dead').slice(0, 2), [
      'over',
      'dead',
    ]);
  });

  it('takes the task queue from the configuration', async () => {
    await lab.startWorker('renamed', 'a-queue-of-its-own');
    const run = await lab.begin('placed', 'named', { name: 'n', region: 'named' });
    assert.equal(await run.result(), 'renamed');
  });

  it('never fails over with a step that a worker was given, even if that worker is gone', async () => {
    const first = await lab.startWorker('tried');
    lab.hangs.add('t');
    const run = await lab.begin('placed', 'tried', { name: 't', region: 'tried', attemptMs: 1_500 });
    await until('a worker has begun', () => lab.done('t').length === 1);
    await first.shutdown();
    lab.hangs.clear();
    await until('nobody takes the second attempt', () => lab.counted.includes('tried'));
    assert.match(await lab.details(run), /no worker in tried took "act on t": waits for one/);
    await lab.startWorker('tried');
    assert.equal(await run.result(), 'tried');
    const done = lab.done('t');
    assert.deepEqual(
      done.map(({ region }) => region),
      ['tried', 'tried'],
    );
    assert.equal(new Set(done.map(({ key }) => key)).size, 1, 'the second attempt has the key of the first');
  });

  it('tries again in the same region after a failure, under the same key', async () => {
    await lab.startWorker('fails');
    lab.failsOnce.add('f');
    const run = await lab.begin('placed', 'fails', { name: 'f', region: 'fails' });
    assert.equal(await run.result(), 'fails');
    const done = lab.done('f');
    assert.deepEqual(
      done.map(({ region }) => region),
      ['fails', 'fails'],
    );
    assert.equal(new Set(done.map(({ key }) => key)).size, 1);
  });

  it('one that failed and then came after the end of its window is not taken for untouched', async () => {
    await lab.startWorker('closes');
    lab.failsOnce.add('closed');
    lab.closes.add('closed');
    const run = await lab.begin('placed', 'closes', { name: 'closed', region: 'closes' });
    const { type, details } = (await causeOf(run.result())) as { type?: string; details?: unknown };
    assert.deepEqual([type, details], [WINDOW_CLOSED, [false]]);
    assert.equal(lab.done('undo closed').length, 1);
  });

  it('a failure near the end of the step’s time is told as it was', async () => {
    await lab.startWorker('brief');
    lab.failsOnce.add('b');
    const run = await lab.begin('placed', 'brief', { name: 'b', region: 'brief', totalMs: 900 });
    assert.equal((await causeOf(run.result())).message, 'b fails once');
  });

  it('ends a step whose time is up, and undoes nothing, because nothing was done', async () => {
    const run = await lab.begin('placed', 'alone', { name: 'l', region: 'alone', totalMs: 4_000 });
    const error = await run.result().then(
      () => assert.fail('it cannot succeed'),
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof WorkflowFailedError);
    const { type, message } = error.cause as { type?: string; message?: string };
    assert.equal(type, NO_WORKER);
    assert.match(message ?? '', /no worker of alone, dead took "act on l" in time, nothing was done/);
    assert.doesNotMatch(await lab.details(run), /undo/);
  });

  it('does not keep a run whose alert is resolved', async () => {
    const run = await lab.begin(
      'placed',
      'resolved',
      { name: 'r', region: 'nowhere', totalMs: 3_000 },
      {
        regions: { nowhere: { noWorkerAfterMs } },
      },
    );
    await until('it waits', async () => (await lab.details(run)).includes('no worker'));
    await run.signal(RESOLVED_SIGNAL);
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: [] });
    assert.doesNotMatch(await lab.details(run), /undo/);
  });

  it('undoes what a worker was given once, or tells a human', async () => {
    const worker = await lab.startWorker('doubt');
    lab.hangs.add('d');
    const run = await lab.begin('placed', 'doubt', { name: 'd', region: 'doubt', attemptMs: 1_000, totalMs: 8_000 });
    await until('a worker has begun', () => lab.done('d').length === 1);
    await worker.shutdown();
    await until('nobody takes the second attempt', () => lab.counted.includes('doubt'));
    await run.signal(RESOLVED_SIGNAL);
    // Nobody can say what the first attempt did, and nobody can take it back there.
    const { type, message } = await failureOf(run);
    assert.equal(type, 'NotUndone');
    assert.match(message, /needs a human: act on d/);
  });
});

/** Types of the local activities of a run, in the order in which they ended. */
async function localActivities(run: Pick<WorkflowHandle, 'fetchHistory'>): Promise<string[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(({ markerRecordedEventAttributes: marker }) => {
    const [data] = marker?.markerName === 'core_local_activity' ? (marker.details?.['data']?.payloads ?? []) : [];
    if (data?.data == null) return [];
    return [(JSON.parse(Buffer.from(data.data).toString()) as { activity_type: string }).activity_type];
  });
}
