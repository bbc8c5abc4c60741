/** What never began is not undone: a run that is cancelled before an effect that waits for the next opening of its window. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestKit, at, cancelled, openTestKit } from '../../workers/testing/index.ts';
import type * as runbooks from '../support/window-runbooks.ts';

describe('a run that is cancelled', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openKit();
  });
  after(() => kit?.close());

  const run = async (cancelledAfter: '5h' | null) => {
    const calls: string[] = [];
    const write =
      (what: string) =>
      ({ name }: { readonly name: string }): void =>
        void calls.push(`${what} ${name}`);
    const ended = await kit.run('halfway', {
      input: { options: {} },
      timeout: '3 days',
      at: at(cancelledAfter === null ? '2031-01-10T00:30Z[UTC]' : '2031-01-01T00:30Z[UTC]'),
      activities: {
        patch: write('patch'),
        unpatch: write('unpatch'),
        reboot: write('reboot'),
        endless: () => assert.fail(),
      },
      meanwhile: cancelledAfter === null ? [] : [cancelled(cancelledAfter)],
    });
    return { ended, calls };
  };

  it('before an effect that waits for the next opening undoes what it did, and nothing else', async () => {
    const { ended, calls } = await run('5h');
    assert.notEqual(ended.failure, null);
    assert.deepEqual(calls, ['patch a', 'unpatch a']);
  });

  it('by nobody acts in the next opening', async () => {
    const { ended, calls } = await run(null);
    assert.deepEqual([ended.report, calls], ['done', ['patch a', 'patch b']]);
  });
});

/** A window of one hour a day. */
const openKit = () => {
  const open = { times: ['00:00-01:00'], zone: 'UTC' };
  return openTestKit<typeof runbooks>({
    workflows: new URL('../support/window-runbooks.ts', import.meta.url),
    regions: ['eu'],
    places: { windows: { open }, zones: { eu: 'UTC' } },
  });
};
