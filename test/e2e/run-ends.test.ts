import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Part } from '../../workflows/kit/index.ts';
import { STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type KitLab, startKitLab } from '../support/kit-lab.ts';

let lab: KitLab;
before(async () => {
  lab = await startKitLab();
});
beforeEach(() => void (lab.lines.length = 0));
after(() => lab?.stop());

describe('a run ends by itself before the server would end it', () => {
  it('and before that tries once more what it was told long ago not to do', async () => {
    const run = await lab.begin('asks', { name: 'db' }, {}, 5_000);
    const question = await lab.question(run.workflowId);
    const longAgo = Date.now() - 3_600_000;
    const stop = { scope: 'all', why: 'drill', by: 'Ann', at: new Date(longAgo).toISOString() };
    await run.signal(STOPPED_SIGNAL, stop, longAgo);
    await lab.answer(question, 'ann', 'go');
    assert.equal(await run.result(), 'go', 'nobody refuses it any more');
  });
});

describe('a part that undoes alone', () => {
  it('whose undo fails is told to people at once, and ends as such while the run goes on', async () => {
    const run = await lab.begin('halfDone', { name: 'db' });
    const [part] = (await run.result()) as readonly Part<string, void>[];
    const message = 'there is no money, and what was done is not undone, which needs a human: prepare';
    assert.deepEqual(part, { item: 'db', ok: false, failure: { type: 'NotUndone', message } });
    const told = lab.told.filter(({ text }) => text === message);
    assert.deepEqual(
      told.map(({ severity, title }) => [severity, title]),
      [['critical', 'not undone: prepare']],
    );
  });
});
