/** Runs that ask people who acts where no worker is, cancelled at any moment: the history of each leads a worker that reads it to the same commands. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { runbooksBundle } from '../support/bundles.ts';
import { startRegionLab } from '../support/region-lab.ts';

const RUNS = 160;
const AT_ONCE = 4;
/** Beyond the moment at which nobody has taken the step, and shortly after it, when people are told and asked. */
const WITHIN_MS = 1_500;
const WORKFLOWS = join(import.meta.dirname, '../../workflows');

it('every history is replayed', async (t) => {
  const regions = { asks: { noWorkerAfterMs: 600, whenNoWorker: 'ask', failOver: ['empty', 'spare'] } } as const;
  const lab = await startRegionLab({ regions });
  try {
    const one = async (index: number) => {
      const name = `asks-${index}`;
      const run = await lab.begin('placed', name, { name, region: 'asks', totalMs: 3_000 });
      await pause((WITHIN_MS * index) / RUNS);
      await run.cancel();
      await assert.rejects(run.result(), WorkflowFailedError);
      return { workflowId: name, history: await run.fetchHistory() };
    };
    const histories = [];
    for (let index = 0; index < RUNS; index += AT_ONCE)
      histories.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, more) => one(index + more)))));
    const { codePath } = await runbooksBundle(
      join(import.meta.dirname, '../support/region-runbooks.ts'),
      ['run-header', 'fence-header'].map((name) => join(WORKFLOWS, 'kit', `${name}.ts`)),
    );
    const bad: string[] = [];
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories))
      if (error) bad.push(`${workflowId}: ${error.message}`);
    assert.deepEqual(bad, []);
    t.diagnostic(`${histories.length} histories`);
  } finally {
    await lab.stop();
  }
});
