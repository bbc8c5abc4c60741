import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { createTurns } from '../../triggers/nats/same-turn.ts';

/** Requests at given distances, and which of them have left. */
function requests(lingers = true) {
  let at = 0;
  const left: number[] = [];
  let asked = 0;
  const turns = createTurns(lingers, () => at);
  return {
    left,
    ask: (afterMs: number) => {
      at += afterMs;
      const mine = asked++;
      void turns().then(() => left.push(mine));
    },
    /** Many, each of which leaves before the next. */
    each: async (count: number, afterMs: number) => {
      for (let index = 0; index < count; index += 1) {
        at += afterMs;
        asked += 1;
        const gone = turns();
        mock.timers.tick(10);
        await gone;
      }
    },
  };
}

const settled = async () => {
  for (let index = 0; index < 5; index += 1) await Promise.resolve();
};

describe('requests leave together', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] }));
  afterEach(() => mock.timers.reset());

  it('those of one turn of the event loop, when little is going on', async () => {
    const { ask, left } = requests();
    ask(0);
    ask(0);
    await settled();
    assert.deepEqual(left, []);
    mock.timers.tick(0);
    await settled();
    assert.deepEqual(left, [0, 1]);
  });

  it('a few milliseconds after the first, when they come close upon each other', async () => {
    const { ask, left, each } = requests();
    await each(300, 1);
    ask(1);
    mock.timers.tick(7);
    ask(1);
    await settled();
    assert.deepEqual(left, []);
    mock.timers.tick(1);
    await settled();
    assert.deepEqual(left, [300, 301]);
  });

  it('at once when enough of them wait, and the next ones have a turn of their own', async () => {
    const { ask, left, each } = requests();
    await each(300, 1);
    for (let index = 0; index < 17; index += 1) ask(0);
    await settled();
    assert.equal(left.length, 16);
    mock.timers.tick(8);
    await settled();
    assert.equal(left.length, 17);
  });

  it('without waiting again after a silence', async () => {
    const { ask, left, each } = requests();
    await each(300, 1);
    ask(60_000);
    mock.timers.tick(0);
    await settled();
    assert.deepEqual(left, [300]);
  });

  it('without waiting for others where somebody waits for the answer', async () => {
    const { ask, left, each } = requests(false);
    await each(300, 1);
    ask(1);
    mock.timers.tick(0);
    await settled();
    assert.deepEqual(left, [300]);
  });
});
