import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { ESCALATED } from '../../workflows/kit/escalated.ts';
import { fanOut } from '../../workflows/kit/fan-out.ts';

const fails = (type: string, message: string): never => {
  throw ApplicationFailure.create({ type, message, nonRetryable: true });
};

describe('fanOut', () => {
  it('gives one result for each item, in their order, whoever ends first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bad: fc.boolean(), turns: fc.nat(5) }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (items, parallel) => {
          let at = 0;
          let most = 0;
          const parts = await fanOut(
            items,
            async ({ bad, turns }, index) => {
              most = Math.max(most, (at += 1));
              for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
              at -= 1;
              return bad ? fails('Bad', `no ${index}`) : index;
            },
            { parallel },
          );
          assert.ok(most <= parallel);
          assert.deepEqual(
            parts,
            items.map((item, index) =>
              item.bad
                ? { item, ok: false, failure: { type: 'Bad', message: `no ${index}` } }
                : { item, ok: true, value: index },
            ),
          );
        },
      ),
    );
  });

  const ends: readonly (readonly [why: string, error: Error])[] = [
    ['an escalation', ApplicationFailure.create({ type: ESCALATED, message: 'too bad' })],
    ['a mistake in the code', new TypeError('undefined is not a function')],
  ];
  for (const [why, error] of ends)
    it(`${why} ends the run, once the parts at work have ended, and nothing new begins`, async () => {
      const begun: number[] = [];
      const ended: number[] = [];
      const running = fanOut(
        [0, 1, 2, 3],
        async (item) => {
          begun.push(item);
          if (item === 0) throw error;
          for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
          ended.push(item);
        },
        { parallel: 2 },
      );
      await assert.rejects(running, (thrown) => thrown === error);
      assert.deepEqual([begun, ended], [[0, 1], [1]]);
    });

  it('has bounds', async () => {
    const nothing = (): Promise<void> => Promise.resolve();
    await assert.rejects(fanOut([1], nothing, { parallel: 0 }), /parallel is 0, expected 1 to 100/);
    await assert.rejects(fanOut(Array.from({ length: 1_001 }), nothing), /1001 items, expected 1000 at most/);
    assert.deepEqual(await fanOut([], nothing), []);
  });
});
