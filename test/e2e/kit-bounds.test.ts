import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type KitLab, startKitLab } from '../support/kit-lab.ts';

describe('a run ends by itself before the server would end it', () => {
  let lab: KitLab;
  before(async () => {
    lab = await startKitLab();
  });
  beforeEach(() => void (lab.lines.length = 0));
  after(() => lab?.stop());

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
