import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { paced, parseRate } from '../../workers/red-button/paced.ts';

describe('pace of a release', () => {
  it('is a number per second, minute or hour', () => {
    assert.deepEqual(parseRate('10/m'), { count: 10, perMs: 60_000 });
    for (const text of ['', '10', '0/m', '-1/s', '1.5/s', '10/d', '10/constructor', ' 10/m'])
      assert.throws(() => parseRate(text), /expected a number per s, m or h/, text);
  });

  it('the first comes at once, the others evenly apart', async () => {
    const slept: number[] = [];
    const seen: string[] = [];
    for await (const item of paced(['a', 'b', 'c'], parseRate('10/m'), async (ms) => void slept.push(ms)))
      seen.push(item);
    assert.deepEqual(
      [seen, slept],
      [
        ['a', 'b', 'c'],
        [6_000, 6_000],
      ],
    );
  });
});
