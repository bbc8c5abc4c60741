import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestKit, openTestKit } from '../../workers/testing/index.ts';
import type { Much } from '../support/large-payloads/carries-much.ts';
import type * as runbooks from '../support/large-payloads/index.ts';

const TOO_MUCH = 3 * 1_024 * 1_024;
/** JSON puts two quotation marks around a text. */
const MOST = 2 * 1_024 * 1_024 - 1_024 - 2;

describe('what is too large for Temporal', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openTestKit<typeof runbooks>({
      workflows: new URL('../support/large-payloads/index.ts', import.meta.url),
    });
  });
  after(() => kit?.close());

  async function carry(where: Much['where'], bytes: number) {
    let effects = 0;
    const run = await kit.run('carriesMuch', {
      input: { where, bytes },
      activities: {
        prepare: () => undefined,
        tidy: () => undefined,
        send: () => void (effects += 1),
        fetch: (input) => {
          effects += 1;
          return 'x'.repeat(input.bytes);
        },
      },
    });
    return { run, effects };
  }

  for (const [where, failure, effects] of [
    ['result', /the result has 3145730 bytes, expected at most 2096128; pass a reference instead/, 0],
    ['input', /step "send it": the input of send has \d+ bytes, expected at most 2096128/, 0],
    ['error', /the failure of the run \(x{1000}\) has \d+ bytes, expected at most 2096128/, 0],
    ['answer', /the result of fetch has 3145730 bytes, expected at most 2096128/, 1],
  ] as const)
    it(`${where}: it ends the run, says what and how large, undoes what was done, and repeats no effect`, async () => {
      const carried = await carry(where, TOO_MUCH);
      assert.match(carried.run.failure ?? '', failure);
      carried.run.expectUndone('prepare');
      assert.equal(carried.effects, effects);
    });

  for (const where of ['result', 'answer'] as const)
    it(`${where}: the most that is allowed goes through`, async () => {
      const { run } = await carry(where, MOST);
      assert.equal(run.failure, null);
      assert.equal(run.report, where === 'result' ? 'x'.repeat(MOST) : 'carried');
    });
});
