import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ReadOptions, readTargets } from '../../../activities/inventory/read-targets.ts';

const OPTIONS: ReadOptions = { provider: 'cmdb', format: 'json', regions: ['eu', 'us'], maxTargets: 5 };
const GOOD = { id: 'api', region: 'eu' };
const read = (targets: unknown, options: Partial<ReadOptions> = {}) =>
  readTargets(JSON.stringify({ targets }), { ...OPTIONS, ...options });

describe('an answer of a provider', () => {
  it('an entry needs an id and a region; the rest has defaults', () => {
    assert.deepEqual(read([GOOD]).targets, [
      { id: 'api', kind: 'service', service: 'api', region: 'eu', labels: {}, provider: 'cmdb' },
    ]);
  });

  it('says everything about a target', () => {
    const full = { id: 'i-1', kind: 'host', service: 'api', region: 'us', labels: { tier: 'web' } };
    assert.deepEqual(read([full]).targets, [{ ...full, provider: 'cmdb' }]);
  });

  it('the same id in two regions is two targets', () => {
    assert.equal(read([GOOD, { ...GOOD, region: 'us' }]).targets.length, 2);
  });

  it('an empty list is an answer: there is no target', () => {
    assert.deepEqual(read([]), { targets: [], refused: [], refusedCount: 0 });
  });

  it('YAML says the same', () => {
    const yaml = 'targets:\n  - { id: api, region: eu, labels: { tier: web } }\n';
    assert.equal(readTargets(yaml, { ...OPTIONS, format: 'yaml' }).targets[0]?.labels['tier'], 'web');
  });

  for (const [why, text, pattern] of [
    ['nothing at all', '', /is not JSON/],
    ['an error page', '<html>502</html>', /is not JSON/],
    ['half an answer', '{"targets": [{"id": "api"', /is not JSON/],
    ['null', 'null', /has no list of targets, expected \{"targets": \[\.\.\.\]\}/],
    ['an empty object: an error must not look like an empty inventory', '{}', /has no list/],
    ['a bare list', '[]', /has no list/],
    ['a list that is none', '{"targets": {"api": 1}}', /has no list/],
    ['a list by inheritance', '{"__proto__": {"targets": []}}', /has no list/],
    ['too many', JSON.stringify({ targets: Array(6).fill(GOOD) }), /has 6 targets, expected at most 5/],
    ['one id twice', JSON.stringify({ targets: [GOOD, GOOD] }), /has "api" in region "eu" twice/],
    ['one id twice, once badly', JSON.stringify({ targets: [GOOD, { ...GOOD, kind: 7 }] }), /twice/],
    ['no good entry', '{"targets": [{"name": "api"}]}', /none of its 1 targets can be read.*\/targets\/0\/name/],
  ] as const) {
    it(`${why} refuses the whole answer`, () => assert.throws(() => readTargets(text, OPTIONS), pattern));
  }

  for (const [why, text] of [
    ['anchors that grow', 'a: &a [1]\ntargets: [*a, *a]'],
    ['one key twice', 'targets: []\ntargets: []'],
  ] as const) {
    it(`YAML with ${why} is refused`, () =>
      assert.throws(() => readTargets(text, { ...OPTIONS, format: 'yaml' }), /is not YAML/));
  }

  for (const [entry, place] of [
    ['api', ''],
    [null, ''],
    [{ ...GOOD, id: 'b', argv: ['reboot'] }, '/argv'],
    [{ ...GOOD, id: '' }, '/id'],
    [{ ...GOOD, id: 7 }, '/id'],
    [{ ...GOOD, id: '--force' }, '/id'],
    [{ ...GOOD, id: '../etc' }, '/id'],
    [{ ...GOOD, id: 'a/b' }, '/id'],
    [{ ...GOOD, id: 'a;reboot' }, '/id'],
    [{ ...GOOD, id: 'a\nb' }, '/id'],
    [{ ...GOOD, id: '{invocation}' }, '/id'],
    [{ ...GOOD, id: 'b', kind: 'Host' }, '/kind'],
    [{ ...GOOD, id: 'b', service: '$(reboot)' }, '/service'],
    [{ ...GOOD, id: 'b', region: 'mars' }, '/region'],
    [{ id: 'b' }, '/region'],
    [{ ...GOOD, id: 'b', labels: [] }, '/labels'],
    [{ ...GOOD, id: 'b', labels: { tier: 1 } }, '/labels/tier'],
    [{ ...GOOD, id: 'b', labels: { tier: '\u001b[31m' } }, '/labels/tier'],
    [{ ...GOOD, id: 'b', labels: { tier: 'x'.repeat(257) } }, '/labels/tier'],
    [{ ...GOOD, id: 'b', labels: { 'a b': 'x' } }, '/labels/a b'],
    [{ ...GOOD, id: 'b', labels: { region: 'us' } }, '/labels/region'],
    [{ ...GOOD, id: 'b', labels: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`l${i}`, ''])) }, '/labels'],
  ] as const) {
    it(`a bad entry is refused at its place, its neighbour is kept: ${JSON.stringify(entry).slice(0, 60)}`, () => {
      const { targets, refused } = read([GOOD, entry]);
      assert.deepEqual(
        targets.map(({ id }) => id),
        ['api'],
      );
      assert.deepEqual(
        refused.map(({ place: found }) => found),
        [`/targets/1${place}`],
      );
      assert.match(refused[0]?.message ?? '', /expected|is no object/);
    });
  }

  it('many bad entries are counted, the first are named', () => {
    const bad = Array.from({ length: 50 }, (_, index) => ({ id: `-${index}`, region: 'eu' }));
    const { refused, refusedCount } = read([GOOD, ...bad], { maxTargets: 100 });
    assert.deepEqual([refused.length, refusedCount], [20, 50]);
  });

  it('whatever is kept is safe as an argument and as a segment of a path', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ id: fc.string(), region: fc.constant('eu') }), { maxLength: 5 }), (entries) => {
        let kept: readonly { readonly id: string }[] = [];
        try {
          kept = read([{ id: 'anchor-0', region: 'us' }, ...entries], { maxTargets: 100 }).targets;
        } catch {
          // Refused as a whole: nothing is kept.
        }
        return kept.every(({ id }) => !/^[-.]|[/\\\s;$`'"|&<>(){}*?\0]/.test(id));
      }),
    ));
});
