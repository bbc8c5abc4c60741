import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Steps, atOnce, inTurns } from '../../triggers/events/steps.ts';

describe('work in steps', () => {
  /** Ten steps of four milliseconds each, by a clock of their own. */
  function work(): { readonly steps: Steps<string>; readonly now: () => number; readonly done: () => number } {
    let done = 0;
    function* steps(): Steps<string> {
      for (; done < 10; done += 1) yield;
      return 'ready';
    }
    return { steps: steps(), now: () => done * 4, done: () => done };
  }

  it('is done at once where nobody waits', () => assert.equal(atOnce(work().steps), 'ready'));

  it('lets others have their turn after each slice', async () => {
    const { steps, now, done } = work();
    const seen: number[] = [];
    const look = (): void => {
      seen.push(done());
      if (done() < 10) setImmediate(look);
    };
    setImmediate(look);
    assert.equal(await inTurns(steps, now), 'ready');
    assert.deepEqual(seen.slice(0, 3), [3, 6, 9]);
  });

  it('is over before anybody else has a turn when it is shorter than a slice', async () => {
    let others = 0;
    setImmediate(() => (others += 1));
    assert.equal(await inTurns(work().steps, () => 0), 'ready');
    assert.equal(others, 0);
  });

  it('fails with the error of its step', async () => {
    function* failing(): Steps<never> {
      yield;
      throw new Error('broken');
    }
    await assert.rejects(inTurns(failing()), /broken/);
  });
});
