/** TRIALS=100 npm run chaos -- red-button: the figure. By default a few trials of each outage. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { percentile } from '../bench/statistics.ts';
import { OUTAGES, type Trial, startRedButtonTrials } from '../support/red-button-trials.ts';
import { until } from '../support/until.ts';

const TRIALS = Number(process.env['TRIALS'] ?? 3);
const PROMISE_MS = 2_000;

describe('red button', () => {
  it(`no effect later than two seconds after it is pressed, whatever is down (${TRIALS} trials each)`, async () => {
    const trials = await startRedButtonTrials();
    try {
      for (const [name, down] of Object.entries(OUTAGES)) {
        const found: Trial[] = [];
        for (let n = 0; n < TRIALS; n += 1) found.push(await trials.trial(down));
        const figure = (of: keyof Trial): string => {
          const values = found.map((each) => each[of]);
          return `p50 ${percentile(values, 0.5).toFixed(0)}, p99 ${percentile(values, 0.99).toFixed(0)} ms`;
        };
        console.log(
          `red button, ${name}: last effect after the stop ${figure('afterPressMs')}; after the return of \`tocsin stop\` ${figure('afterReturnMs')}; after it was typed ${figure('afterTypingMs')}`,
        );
        for (const { afterPressMs, afterReturnMs } of found)
          assert.ok(Math.max(afterPressMs, afterReturnMs) <= PROMISE_MS, `${name}: ${afterPressMs} ms`);
      }
    } finally {
      await trials.stop();
    }
  });

  it('a worker that is cut off from the control record stops effects by itself, and goes on by itself', async () => {
    const trials = await startRedButtonTrials({ failClosedAfter: '3s' });
    try {
      const [ticking = ''] = await trials.begin();
      const { nats } = trials.tocsin.servers;
      await nats.kill();
      const cut = performance.now();
      await until('the run waits', async () => {
        const { typedSearchAttributes } = await trials.tocsin.client.workflow.getHandle(ticking).describe();
        return typedSearchAttributes.getAll().some(({ value }) => value === 'stopped');
      });
      const metadata = await trials.tocsin.client.workflow.getHandle(ticking).query('__temporal_workflow_metadata');
      assert.match(JSON.stringify(metadata), /cut off: the control record of region eu was not seen for \d s/);
      const last = (trials.effects.at(-1) ?? 0) - cut;
      console.log(`red button, cut off for 3 s: last effect after ${last.toFixed(0)} ms`);
      assert.ok(last > 0 && last <= 3_000 + PROMISE_MS, `${last} ms`);
      const count = trials.effects.length;
      await nats.start();
      // The run tries again by itself, half a minute after it was refused.
      await trials.goOn();
      assert.ok(trials.effects.length > count);
    } finally {
      await trials.stop();
    }
  });
});
