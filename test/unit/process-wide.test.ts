import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as effects from '../../activities/effects.ts';
import * as looks from '../../activities/look.ts';

const { effectsAllowed, lineage, withGuard } = effects;

test('what the worker knows of a step is known to every copy of the package in its process', async () => {
  const copy = (await import(`../../activities/effects.ts?${'copy'}`)) as typeof effects;
  assert.notEqual(copy.lineage, lineage);
  const own = { causedby: 'restart/1', causedepth: 1 };
  let asked = 0;
  const allowed = (): Promise<void> => Promise.resolve(void (asked += 1));
  await copy.withGuard({ allowed, lineage: own }, async () => {
    await effectsAllowed();
    assert.deepEqual([lineage(), copy.lineage(), asked], [own, own, 1]);
  });
  await withGuard({ allowed, lineage: own }, async () => assert.deepEqual(copy.lineage(), own));
  assert.equal(copy.lineage(), null);
});

test('an activity that only looks does so for every copy of the package', async () => {
  const copy = (await import(`../../activities/look.ts?${'copy'}`)) as typeof looks;
  assert.notEqual(copy.look, looks.look);
  const disk = copy.look(async () => 'full');
  assert.deepEqual([looks.isLook(disk), copy.isLook(disk), looks.isLook(async () => 'other')], [true, true, false]);
});
