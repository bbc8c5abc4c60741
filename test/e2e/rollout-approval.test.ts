import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openQuestion } from '../../workers/open-question.ts';
import { ROLLOUT_QUERY, ROLLOUT_UPDATE, type RolloutStatus } from '../../workflows/kit/rollout-message.ts';
import type { RolloutReport } from '../../workflows/kit/index.ts';
import { type KitLab, startKitLab } from '../support/kit-lab.ts';
import { until } from '../support/until.ts';

describe('a rollout under approval', () => {
  let lab: KitLab;
  before(async () => {
    lab = await startKitLab();
  });
  after(() => lab?.stop());

  it('keeps the orders that came while people were asked, and asks for what is left', async () => {
    const run = await lab.begin('tidyFleet', {}, { mode: 'approve' });
    const asksFor = (titles: readonly string[]): Promise<unknown> =>
      until(`it asks for ${titles.join(', ')}`, async () => {
        const { asked } = await openQuestion(lab.client, run.workflowId);
        return asked.plan.actions.map(({ title }) => title).join() === titles.join();
      });
    const states = async () => {
      const { waves } = await run.query<RolloutStatus>(ROLLOUT_QUERY);
      return waves.map(({ name, state }) => `${name} ${state}`);
    };
    await asksFor(['wave canary', 'wave 50%', 'wave 100%']);
    assert.deepEqual(await states(), ['canary waiting', '50% waiting', '100% waiting'], 'a plan begins nothing');
    await run.executeUpdate(ROLLOUT_UPDATE, { args: [{ kind: 'skip', wave: '50%', by: 'ann', why: 'a drill' }] });
    await lab.approve(run.workflowId, 'ann');
    await lab.approve(`${run.workflowId}/1-wave-canary`, 'ann');
    await asksFor(['wave 100%']);
    assert.deepEqual(await states(), ['canary done', '50% skipped', '100% waiting']);
    await lab.approve(run.workflowId, 'ann');
    await lab.approve(`${run.workflowId}/2-wave-100-`, 'ann');
    const { waves } = (await run.result()) as RolloutReport;
    assert.deepEqual(
      waves.map(({ name, state, done }) => [name, state, done]),
      [
        ['canary', 'done', 2],
        ['50%', 'skipped', 0],
        ['100%', 'done', 2],
      ],
    );
    assert.deepEqual(lab.lines, ['tidy web-1', 'tidy web-2', 'tidy web-4', 'tidy web-5']);
  });
});
