import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MAX_WAVE_TARGETS,
  type Rollout,
  type RolloutTarget,
  mayFail,
  planWaves,
} from '../../workflows/kit/rollout-plan.ts';

const rollout: Rollout = {
  runbook: 'patchWave',
  targets: { fleet: 'web' },
  window: 'night',
  needMs: 60_000,
  canary: 1,
  waves: { by: 'region' },
  parallel: 3,
  soakMs: 0,
  errorBudget: { rollout: '10%', wave: 1 },
};

/** `eu*3@22` are three targets in eu whose window opens at 22. */
const fleet = (...regions: readonly string[]): RolloutTarget[] =>
  regions.flatMap((text) => {
    const [, region = '', count = '1', opens] = /^(\w+)(?:\*(\d+))?(?:@(\d+))?$/.exec(text) ?? [];
    const opening = opens === undefined ? null : { opensAt: Number(opens), closesAt: Number(opens) + 4 };
    return Array.from({ length: Number(count) }, (_each, index) => ({
      name: `${region}-${String(index + 1).padStart(4, '0')}`,
      region,
      zone: null,
      opening,
    }));
  });
const shape = (targets: readonly RolloutTarget[], changes: Partial<Rollout> = {}): string =>
  planWaves(targets, { ...rollout, ...changes })
    .map((wave) => `${wave.name}:${wave.targets.length}`)
    .join(' ');
const share = (...percent: readonly number[]): Partial<Rollout> => ({ waves: { by: 'share', percent } });

const TABLE: readonly (readonly [string, readonly RolloutTarget[], Partial<Rollout>, string])[] = [
  ['no targets are no waves', [], {}, ''],
  ['no targets are no waves by share either', [], share(10, 100), ''],
  ['one target is the canary', fleet('eu@1'), {}, 'canary:1'],
  ['one target without a canary is its region', fleet('eu@1'), { canary: 0 }, 'eu:1'],
  ['a canary bigger than the fleet is all of it', fleet('eu*3@1'), { canary: 9 }, 'canary:3'],
  ['a canary stays within the first region', fleet('eu*2@1', 'us*3@2'), { canary: 5 }, 'canary:2 us:3'],
  ['regions follow the sun, not the alphabet', fleet('eu*2@22', 'ap*2@14', 'us*2@30'), {}, 'canary:1 ap:1 eu:2 us:2'],
  ['a region in doubt comes last', fleet('ap', 'eu@22'), { canary: 0 }, 'eu:1 ap:1'],
  [
    'of two that are open, the one that closes first',
    [...fleet('us@1'), ...fleet('eu@1').map((each) => ({ ...each, opening: { opensAt: 1, closesAt: 3 } }))],
    { canary: 0 },
    'eu:1 us:1',
  ],
  ['named regions go first', fleet('eu@1', 'us@2', 'ap@3'), { canary: 0, order: ['ap', 'gone'] }, 'ap:1 eu:1 us:1'],
  ['shares grow and count the canary', fleet('eu*20@1'), share(10, 50, 100), 'canary:1 10%:1 50%:8 100%:10'],
  ['a share that rounds to none is one', fleet('eu*3@1'), { canary: 0, ...share(1, 10, 100) }, '1%:1 10%:1 100%:1'],
  ['shares of a fleet that is done by then are no waves', fleet('eu*2@1'), share(1, 10, 50, 100), 'canary:1 1%:1'],
  [
    'a big region is several waves',
    fleet(`eu*${2 * MAX_WAVE_TARGETS + 1}@1`),
    { canary: 0 },
    'eu.1:200 eu.2:200 eu.3:1',
  ],
];

describe('waves of a rollout', () => {
  for (const [title, targets, changes, expected] of TABLE)
    it(title, () => assert.equal(shape(targets, changes), expected));

  it('every target is in one wave, whatever the shares', () => {
    for (let size = 0; size <= 60; size += 1)
      for (const canary of [0, 1, 5]) {
        const waves = planWaves(fleet(`eu*${size}@1`), { ...rollout, canary, ...share(3, 20, 21, 75, 100) });
        const names = waves.flatMap(({ targets }) => targets.map(({ name }) => name));
        assert.equal(new Set(names).size, size);
        assert.equal(names.length, size);
      }
  });

  it('no canary may fail; a wave may fail as its budget says', () => {
    const waves = planWaves(fleet('eu*11@1'), { ...rollout, errorBudget: { rollout: 3, wave: '20%' } });
    assert.deepEqual(
      waves.map((wave) => wave.mayFail),
      [0, 2],
    );
    assert.deepEqual([mayFail('10%', 9), mayFail('10%', 10), mayFail(4, 1)], [0, 1, 4]);
  });

  const REFUSED: readonly (readonly [string, readonly RolloutTarget[], Partial<Rollout>, RegExp])[] = [
    ['a target twice', [...fleet('eu'), ...fleet('eu')], {}, /target eu\/eu-0001 twice; expected each once/],
    ['a canary below zero', [], { canary: -1 }, /canary -1; expected 0 to 200/],
    ['shares that shrink', [], share(50, 10, 100), /percent 50, 10, 100; expected shares that grow up to 100/],
    ['shares that end early', [], share(50), /expected shares that grow up to 100/],
    ['no shares', [], share(), /expected shares that grow up to 100/],
    ['no need', [], { needMs: 0 }, /needMs 0/],
    ['no lanes', [], { parallel: 0 }, /parallel 0; expected 1 to 100/],
    ['a soak beyond the wave', [], { soakMs: 10, waveTimeoutMs: 10 }, /soakMs 10/],
    ['a budget that is none', [], { errorBudget: { rollout: '200%' } }, /errorBudget.rollout 200%/],
    ['more than fit', fleet('eu*2001'), {}, /2001 targets; expected 2000 at most/],
    ['a region that is named as the canary is', fleet('canary*2@1'), {}, /two waves are named canary/],
  ];
  for (const [title, targets, changes, message] of REFUSED)
    it(`refused: ${title}`, () => assert.throws(() => planWaves(targets, { ...rollout, ...changes }), message));
});
