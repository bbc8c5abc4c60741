import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToMs as tsToMs } from '@temporalio/common/lib/time.js';
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

/** Longer than the bound of any step, which ends with its run. */
const HOUR_MS = 3_600_000;

describe('how a step is tried again', () => {
  /** Bounds in ms, as docs/kit/report.md has them in words. */
  const POLICIES = [
    { retry: 'once', attempts: 1, pauses: null, total: 600_000 },
    { retry: 'quick', attempts: 3, pauses: [250, 1_000], total: 600_000 },
    { retry: 'steady', attempts: 5, pauses: [1_000, 30_000], total: 600_000 },
    { retry: 'patient', attempts: 200, pauses: [2_000, 60_000], total: 1_800_000 },
  ] as const;
  const IN_WORDS = { 250: '250 ms', 1000: '1 s', 2000: '2 s', 30000: '30 s', 60000: '60 s' } as const;

  for (const { retry, attempts, pauses, total } of POLICIES)
    it(`${retry}: attempts, pauses and bound are those of its page, on the server`, async () => {
      const run = await lab.begin('looksOnce', { name: 'db', retry }, {}, HOUR_MS);
      await run.result();
      const asked = await policyOf(run);
      assert.deepEqual(
        { attempts: asked.attempts, total: asked.total, doubling: asked.doubling },
        { attempts, total, doubling: 2 },
      );
      if (pauses !== null) assert.deepEqual([asked.first, asked.longest], pauses);
      const row = readFileSync(join(ROOT, 'docs/kit/report.md'), 'utf8')
        .split('\n')
        .find((line) => line.startsWith(`| \`${retry}\``));
      const cells = row?.split('|').map((cell) => cell.trim()) ?? [];
      assert.deepEqual(cells.slice(2, 4), [
        String(attempts),
        pauses === null ? '' : `${IN_WORDS[pauses[0]]}, doubling to ${IN_WORDS[pauses[1]]}`,
      ]);
      assert.ok(cells[4]?.startsWith(`${total / 60_000} min`), row);
    });

  it('a step that says nothing is tried again steadily', async () => {
    const [plain, steady] = await Promise.all(
      [{}, { retry: 'steady' }].map(async (options) => {
        const run = await lab.begin('looksOnce', { name: 'db', ...options }, {}, HOUR_MS);
        await run.result();
        return policyOf(run);
      }),
    );
    assert.deepEqual(plain, steady);
  });

  it('report: a step that fails twice ends well at its third attempt, within seconds', async () => {
    const run = await lab.begin('tidyUp', { name: 'fails twice' });
    assert.match(String(await run.result()), /- how full is it\? {"lines":0}/);
    assert.deepEqual(await attemptsOf(run), [3, 1]);
    assert.deepEqual(lab.lines, ['tidy fails twice']);
  });

  it('with its last attempt the step has failed, and the run with it', async () => {
    const run = await lab.begin('tidyUp', { name: 'fails always' });
    assert.match((await failureOf(run)).message, /attempt 3 failed|Activity task failed/);
    assert.deepEqual(await attemptsOf(run), [3]);
    assert.deepEqual(lab.lines, []);
  });

  it('once: what fails has failed', async () => {
    const run = await lab.begin('looksOnce', { name: 'fails twice', retry: 'once' });
    await failureOf(run);
    assert.deepEqual(await attemptsOf(run), [1]);
  });
});

describe('what a procedure does not use', () => {
  it('costs no history event: the same as by hand, event by event', async () => {
    const [kit, hand] = await Promise.all(
      ['tidiedByKit', 'tidiedByHand'].map(async (runbook) => {
        const run = await lab.begin(runbook, { name: 'db' });
        await run.result();
        return (await eventsOf(run)).map(({ eventType }) => eventType);
      }),
    );
    assert.equal(kit?.length, hand?.length);
    assert.deepEqual(kit, hand);
  });
});

const eventsOf = async (run: WorkflowHandle) => (await run.fetchHistory()).events ?? [];

/** The attempt at which each step ended, in order. */
const attemptsOf = async (run: WorkflowHandle): Promise<readonly unknown[]> =>
  (await eventsOf(run)).flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started ? [started.attempt] : [],
  );

/** What the server was asked for the first step. */
async function policyOf(run: WorkflowHandle) {
  const events = await eventsOf(run);
  const step = events.find((event) => event.activityTaskScheduledEventAttributes)?.activityTaskScheduledEventAttributes;
  const { retryPolicy } = step ?? assert.fail('no step');
  return {
    attempts: retryPolicy?.maximumAttempts,
    doubling: retryPolicy?.backoffCoefficient,
    first: tsToMs(retryPolicy?.initialInterval),
    longest: tsToMs(retryPolicy?.maximumInterval),
    total: tsToMs(step?.scheduleToCloseTimeout),
  };
}
