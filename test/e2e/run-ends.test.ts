import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Part } from '../../workflows/kit/index.ts';
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { ALLOWED_SIGNAL, STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { cancelRequested } from '../support/cancel-requested.ts';
import { type KitLab, startKitLab } from '../support/kit-lab.ts';
import { until } from '../support/until.ts';

let lab: KitLab;
before(async () => {
  lab = await startKitLab();
});
beforeEach(() => void (lab.lines.length = 0));
after(() => lab?.stop());

describe('a run ends by itself before the server would end it', () => {
  it('and before that tries once more what it was told long ago not to do', async () => {
    const run = await lab.begin('asks', { name: 'db' }, {}, 30_000);
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

describe('a run that is cancelled', () => {
  it('undoes an effect that is at work when it has ended', async () => {
    const run = await lab.begin('holds', { name: 'db' });
    await until('it is at work', () => lab.lines.includes('hold db'));
    await run.cancel();
    await cancelRequested(run);
    lab.lines.push('hold db may end');
    await assert.rejects(run.result(), WorkflowFailedError);
    assert.deepEqual(lab.lines, ['hold db', 'hold db may end', 'hold db ended', 'let go of db']);
  });

  it('ends as cancelled although its effect did not end in time', async () => {
    const run = await lab.begin('holds', { name: 'db', attemptMs: 1_000 });
    await until('it is at work', () => lab.lines.includes('hold db'));
    await run.cancel();
    const error = await run.result().catch((failure: unknown) => failure);
    assert.ok(error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure, String(error));
    assert.deepEqual(lab.lines, ['hold db', 'let go of db']);
    lab.lines.push('hold db may end');
  });
});

describe('an effect of several calls', () => {
  it('makes none of them again that came to its end before a stop', async () => {
    const run = await lab.begin('twoCalls', { name: 'db' });
    await until('it goes on', async () => {
      await run.signal(ALLOWED_SIGNAL).catch(() => undefined);
      return lab.lines.includes('two db');
    });
    assert.equal(await run.result(), 'done');
    assert.deepEqual(lab.lines, ['one db', 'two db']);
  });

  it('makes each under its own id that was refused, of one activity too', async () => {
    const run = await lab.begin('twoStopped', { name: 'db' });
    await until('it goes on', async () => {
      await run.signal(ALLOWED_SIGNAL).catch(() => undefined);
      return lab.lines.includes('second db');
    });
    assert.equal(await run.result(), 'done');
    assert.deepEqual(lab.lines, ['first db', 'second db']);
  });

  it('makes none again that is at work still when the stop is over', async () => {
    const run = await lab.begin('sideBySide', { name: 'web' });
    await until('it goes on', async () => {
      if (lab.lines.includes('hold web')) await run.signal(ALLOWED_SIGNAL).catch(() => undefined);
      return lab.lines.includes('beside web');
    });
    lab.lines.push('hold web may end');
    assert.equal(await run.result(), 'done');
    assert.deepEqual(lab.lines, ['hold web', 'beside web', 'hold web may end', 'hold web ended']);
  });
});
