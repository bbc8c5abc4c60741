import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type SeenBackend, lockChains } from '../../../activities/postgres/lock-chains.ts';

const backend = (pid: number, waitsFor: readonly number[] = [], waitedMs = waitsFor.length * 1_000): SeenBackend => ({
  pid,
  waitsFor,
  waitedMs,
  backendStart: '2026-01-01 00:00:00+00',
  xactStart: '2026-01-01 00:00:01+00',
  user: 'app',
  application: 'shop',
  state: 'active',
  query: 'update stock set amount = 1',
  ageMs: 5_000,
  protected: null,
});

/** `root <- blocked` of each chain. */
const shape = (seen: readonly SeenBackend[]): string[] =>
  lockChains(seen).map(({ root, blocked, depth }) => `${root.pid} <- ${blocked} (${depth})`);

describe('lock chains', () => {
  for (const [seen, expected, why] of [
    [[], [], 'nobody waits'],
    [[backend(1), backend(2, [1])], ['1 <- 1 (1)'], 'one behind another'],
    [
      [backend(1), backend(2, [1]), backend(3, [2]), backend(4, [3])],
      ['1 <- 3 (3)'],
      'a queue has one head, not three',
    ],
    [[backend(1), backend(2, [1]), backend(3, [1]), backend(4, [1, 2])], ['1 <- 3 (1)'], 'who waits twice counts once'],
    [[backend(1), backend(2), backend(3, [2]), backend(4, [2])], ['2 <- 2 (1)'], 'who blocks nobody is no head'],
    [[backend(1), backend(2), backend(3, [1, 2])], ['1 <- 1 (1)', '2 <- 1 (1)'], 'behind two heads it counts for both'],
    [[backend(1, [2]), backend(2, [1])], [], 'a circle is ended by the server itself'],
    [[backend(1, [2]), backend(2, [1]), backend(3), backend(4, [3])], ['3 <- 1 (1)'], 'a circle hides no other chain'],
    [[backend(2, [0])], ['0 <- 1 (1)'], 'a prepared transaction has no session'],
    [[backend(2, [77])], [], 'a head that ended meanwhile is nothing to act upon'],
    [[backend(1), backend(2, [1, 1])], ['1 <- 1 (1)'], 'a parallel worker names its leader again'],
  ] as const)
    it(why, () => assert.deepEqual(shape(seen), expected));

  it('the longest queue comes first, and of equal ones the older', () => {
    const seen = [
      backend(1),
      backend(2),
      backend(3),
      backend(11, [1], 1),
      backend(12, [2], 9),
      backend(13, [3], 1),
      backend(14, [3], 1),
    ];
    assert.deepEqual(shape(seen), ['3 <- 2 (1)', '2 <- 1 (1)', '1 <- 1 (1)']);
  });

  it('a prepared transaction is protected, and ten of those that wait are shown', () => {
    const seen = Array.from({ length: 30 }, (_, index) => backend(index + 1, [0], index));
    const [chain] = lockChains(seen);
    assert.match(chain?.root.protected ?? '', /prepared transaction/);
    assert.equal(chain?.blocked, 30);
    assert.equal(chain?.waiting.length, 10);
    assert.equal(chain?.longestWaitMs, 29);
  });

  it('whatever waits for whatever: a head waits for nobody, and everybody behind it is counted once', () => {
    const graph = fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }), { maxLength: 12 });
    fc.assert(
      fc.property(graph, (waits) => {
        const seen = waits.map((waitsFor, index) => backend(index + 1, waitsFor));
        for (const { root, blocked, depth } of lockChains(seen)) {
          assert.deepEqual(seen.find(({ pid }) => pid === root.pid)?.waitsFor ?? [], []);
          assert.ok(blocked <= seen.length && depth <= blocked && depth >= 1);
        }
      }),
    );
  });
});
