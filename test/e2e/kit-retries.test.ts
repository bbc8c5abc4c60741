import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToMs as tsToMs } from '@temporalio/common/lib/time.js';
import { type KitLab, failureOf, startKitLab } from '../support/kit-lab.ts';

const ROOT = join(import.meta.dirname, '../..');
let lab: KitLab;
before(async () => {
  lab = await startKitLab();
});
beforeEach(() => void (lab.lines.length = 0));
after(() => lab?.stop());

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
