import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { createRuns } from '../../triggers/path/runs.ts';
import { RESOLVED_SIGNAL, type RunContext } from '../../workflows/kit/run-context.ts';
import { type RegionLab, startRegionLab } from '../support/region-lab.ts';
import { until } from '../support/until.ts';

interface Part {
  readonly item: string;
  readonly ok: boolean;
  readonly value?: unknown;
  readonly failure?: { readonly type: string; readonly message: string };
}

describe('parts of a run', () => {
  let lab: RegionLab;

  before(async () => {
    lab = await startRegionLab({
      regions: { eu: {}, dead: { noWorkerAfterMs: 1_000, whenNoWorker: 'failOver', failOver: ['gone'] }, us: {} },
    });
    await lab.startWorker('eu');
    await lab.startWorker('us');
  });
  after(() => lab?.stop());

  const childIds = async (parentId: string): Promise<string[]> => {
    const ids: string[] = [];
    const query = `WorkflowId STARTS_WITH "${parentId}/"`;
    for await (const { workflowId } of lab.client.workflow.list({ query })) ids.push(workflowId);
    return ids.toSorted();
  };

  for (const runbook of ['everywhere', 'sideBySide'])
    it(`${runbook}: a dead region is one result, and holds up no other`, async () => {
      const run = await lab.begin(runbook, runbook, { name: runbook, totalMs: 5_000 });
      await until('the others are done', () =>
        ['eu', 'us'].every((region) => lab.done(`${runbook} ${region}`).length === 1),
      );
      const parts = (await run.result()) as readonly Part[];
      assert.deepEqual(
        parts.map(({ item, ok, value, failure }) => [item, ok, value ?? failure?.type]),
        [
          ['eu', true, 'eu'],
          ['dead', false, 'NoWorker'],
          ['us', true, 'us'],
        ],
      );
      assert.match(parts[1]?.failure?.message ?? '', /no worker of dead, gone took/);
      assert.equal(lab.done(`undo ${runbook} eu`).length, 0, 'what succeeded stays');
    });

  it('what succeeded side by side is undone when the run fails later on', async () => {
    const run = await lab.begin('sideBySide', 'undone', { name: 'back', totalMs: 3_000, escalate: true });
    await assert.rejects(run.result(), WorkflowFailedError);
    const undone = ['eu', 'dead', 'us'].map((region) => lab.done(`undo back ${region}`).length);
    assert.deepEqual(undone, [1, 0, 1]);
  });

  it('a child is a run of its own: id of its parent, number and title; checklist, region, attributes', async () => {
    const run = await lab.begin('parent', 'restart/key#1~abc', { name: 'own', region: 'us' }, { trigger: 'restart' });
    assert.deepEqual((await run.result()) as Part[], [{ item: { name: 'own', region: 'us' }, ok: true, value: 'us' }]);
    const [id = '', ...more] = await until('it is listed', async () => {
      const ids = await childIds('restart/key#1~abc');
      return ids.length > 0 ? ids : null;
    });
    assert.deepEqual([id, more], ['restart/key#1~abc/1-the-child', []]);
    const child = lab.client.workflow.getHandle(id);
    const { memo, typedSearchAttributes, parentExecution } = await child.describe();
    const context = memo?.['tocsin'] as RunContext;
    assert.deepEqual([context.parent, context.region, context.trigger], ['restart/key#1~abc', 'us', 'restart']);
    assert.equal(parentExecution?.workflowId, 'restart/key#1~abc');
    const attributes = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    assert.deepEqual(
      [attributes['TocsinTrigger'], attributes['TocsinRegion'], attributes['TocsinPhase']],
      ['restart', 'us', 'ordinary'],
    );
    assert.match(await lab.details(child), /✔ act on own/);
    assert.match(await lab.details(run), /✔ the child: placed in us/);
    const runs = createRuns({ client: lab.client, namespace: 'default' });
    const idsOf = async (found: AsyncIterable<{ readonly workflowId: string }>): Promise<string[]> => {
      const ids: string[] = [];
      for await (const { workflowId } of found) if (workflowId === id) ids.push(workflowId);
      return ids;
    };
    await until('its end is seen', async () => (await idsOf(runs.closedSince(0))).length === 1);
    assert.deepEqual(await idsOf(runs.startedSince(0)), [], 'no event has to answer for a child');
  });

  it('cancellation reaches it, and it undoes', async () => {
    lab.hangs.add('cancelled');
    const run = await lab.begin('parent', 'cancelled', { name: 'cancelled', region: 'eu', attemptMs: 1_000 });
    await until('its effect is at work', () => lab.done('cancelled').length === 1);
    await run.cancel();
    await assert.rejects(run.result(), WorkflowFailedError);
    assert.equal(lab.done('undo cancelled').length, 1);
    lab.hangs.clear();
  });

  it('one that is cancelled alone is one result', async () => {
    lab.hangs.add('less');
    const run = await lab.begin('parent', 'one-less', { name: 'less', region: 'eu', attemptMs: 1_000 });
    await until('its effect is at work', () => lab.done('less').length === 1);
    await lab.client.workflow.getHandle('one-less/1-the-child').cancel();
    const [part] = (await run.result()) as Part[];
    assert.deepEqual([part?.ok, part?.failure?.type], [false, 'CancelledFailure']);
    assert.equal(lab.done('undo less').length, 1);
    lab.hangs.clear();
  });

  it('a resolved alert reaches it', async () => {
    const waits = (): number => lab.counted.filter((region) => region === 'gone').length;
    const earlier = waits();
    // No worker ever took the step: nothing is to be undone.
    const run = await lab.begin('parent', 'resolved', { name: 'never', region: 'dead', totalMs: 6_000 });
    await until('it waits', () => waits() > earlier);
    await run.signal(RESOLVED_SIGNAL);
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: [] });
    assert.deepEqual(lab.done('never'), []);
  });

  it('one that does not end is ended by its time-out, and is one result', async () => {
    const input = { name: 'slow', region: 'dead', totalMs: 100_000, timeoutMs: 3_000 };
    const run = await lab.begin('parent', 'slow', input);
    const [part] = (await run.result()) as Part[];
    assert.equal(part?.ok, false);
    assert.equal(part?.failure?.type, 'TimeoutFailure');
  });
});
