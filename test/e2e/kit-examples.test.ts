import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { RolloutReport } from '../../workflows/kit/index.ts';
import { EVENT_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type KitLab, failureOf, startKitLab } from '../support/kit-lab.ts';

const ROOT = join(import.meta.dirname, '../..');
let lab: KitLab;
before(async () => {
  lab = await startKitLab();
});
beforeEach(() => void (lab.lines.length = 0));
after(() => lab?.stop());

describe('examples of the kit', () => {
  for (const name of ['act', 'askHuman', 'check', 'escalate', 'fanOut', 'report', 'verify', 'waitFor', 'waves'])
    it(`docs/kit/${name}.md quotes its example as it is`, () => {
      const page = readFileSync(join(ROOT, `docs/kit/${name}.md`), 'utf8');
      const example = readFileSync(join(ROOT, `test/examples/${name}.ts`), 'utf8');
      assert.ok(page.includes(`\`\`\`ts\n${example}\`\`\``));
    });

  it('askHuman', async () => {
    const run = await lab.begin('failOver', { name: 'db' });
    await lab.answer(await lab.question(run.workflowId), 'ann', 'fail over');
    assert.equal(await run.result(), 'fail over');
    assert.deepEqual(lab.lines, ['fail over db']);
  });

  it('waitFor', async () => {
    const run = await lab.begin('backUp', { name: 'db' });
    const event = { id: '1', type: 'com.example.backup.done', source: 'backup', subject: null, time: null };
    await run.signal(EVENT_SIGNAL, { ...event, data: { name: 'db' } });
    assert.equal(await run.result(), 'event');
  });

  it('act', async () => {
    const run = await lab.begin('charge', { name: 'throws' });
    await lab.answer(await lab.question(run.workflowId), 'ann', 'done');
    assert.equal(await run.result(), 'as the human saw it');
    assert.deepEqual(lab.lines, ['reserve throws', 'charge throws']);
  });

  it('waves', async () => {
    // A wave begins only what it can soak: time for three times `needMs`, and more.
    const run = await lab.begin('tidyFleet', {}, {}, 3_600_000);
    const { outcome, waves, done } = (await run.result()) as RolloutReport;
    assert.deepEqual([outcome, done], ['rolled-out', 5]);
    assert.deepEqual(
      waves.map(({ name, targets, state }) => [name, targets, state]),
      [
        ['canary', 2, 'done'],
        ['50%', 1, 'done'],
        ['100%', 2, 'done'],
      ],
    );
    assert.deepEqual(lab.lines.slice(0, 2).toSorted(), ['tidy web-1', 'tidy web-2']);
    assert.equal(lab.lines.length, 5);
  });

  it('waves under approval: the rollout asks for its waves, and each wave for its steps', async () => {
    const run = await lab.begin('tidyFleet', {}, { mode: 'approve' });
    await lab.approve(run.workflowId, 'ann');
    for (const wave of ['1-wave-canary', '2-wave-50-', '3-wave-100-'])
      await lab.approve(`${run.workflowId}/${wave}`, 'ann');
    const { outcome, done } = (await run.result()) as RolloutReport;
    assert.deepEqual([outcome, done, lab.lines.length], ['rolled-out', 5, 5]);
  });

  it('check', async () => {
    assert.equal(await (await lab.begin('archive', { name: 'logs' })).result(), 'nothing to do');
    lab.lines.push('an old line');
    assert.equal(await (await lab.begin('archive', { name: 'logs' })).result(), 'archived');
    assert.deepEqual(lab.lines, ['an old line', 'archive logs']);
  });

  it('verify', async () => {
    assert.equal(await (await lab.begin('warmUp', { name: 'cache', wanted: 1 })).result(), 'warm');
    assert.equal(await (await lab.begin('warmUp', { name: 'cache', wanted: 9 })).result(), 'still cold');
  });

  it('escalate', async () => {
    const { type, message } = await failureOf(await lab.begin('moveAway', { name: 'db' }));
    assert.equal(type, 'Escalated');
    assert.match(message, /db has nowhere to go/);
    assert.deepEqual(lab.lines, ['stop db', 'start db']);
  });

  it('fanOut', async () => {
    const run = await lab.begin('chargeAll', { names: ['ann', 'refuses', 'bob'] });
    assert.deepEqual(await run.result(), ['ann: ann-1', 'refuses: NoMoney', 'bob: bob-1']);
  });

  it('report', async () => {
    const report = String(await (await lab.begin('tidyUp', { name: 'db' })).result());
    assert.match(
      report,
      /## Seen\n\n- how full is it\? {"lines":0}\n\n## Done\n\n- tidy db up\n\n## Notes\n\n- nothing else was full$/,
    );
  });
});
