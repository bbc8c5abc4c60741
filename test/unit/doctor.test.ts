import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { triggers } from '../../triggers/index.ts';
import { loadConfig } from '../../workers/config.ts';
import { clockFinding } from '../../workers/doctor/clock.ts';
import { diskFinding, zoneFinding } from '../../workers/doctor/host.ts';
import { retentionFindings } from '../../workers/doctor/temporal.ts';
import { isOlder } from '../../workers/doctor/version.ts';
import { versionFindings } from '../../workers/doctor/versions.ts';
import type { Version } from '../../workers/versions/deployment.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const config = loadConfig({ env: {} });

describe('doctor', () => {
  for (const [version, than, older, why] of [
    ['2.9.10', '2.10.23', true, 'numbers, not text'],
    ['2.10.23', '2.10.23', false, 'the same is not older'],
    ['v2.11.0-beta.1', '2.10.23', false, 'what stands around is left out'],
    ['2.10', '2.10.23', true, 'a part that is missing is 0'],
    ['unknown', '2.10.23', false, 'what says nothing is not judged'],
  ] as const)
    it(`${version} against ${than}: ${why}`, () => assert.equal(isOlder(version, than), older));

  for (const [aheadMs, severity] of [
    [0, 'ok'],
    [-999, 'ok'],
    [1_000, 'warning'],
    [-9_999, 'warning'],
    [10_000, 'error'],
    [-60_000, 'error'],
    [null, 'warning'],
  ] as const)
    it(`a clock that is ${aheadMs} ms ahead is ${severity}`, () =>
      assert.equal(clockFinding('NATS', aheadMs).severity, severity));

  for (const [retentionMs, severities, why] of [
    [7 * DAY_MS, ['ok'], 'longer than every event may wait, shorter than the book'],
    [24 * HOUR_MS, ['ok'], 'as long as the sweeper looks back'],
    [18 * HOUR_MS, ['error'], 'failed runs could be gone before they are seen'],
    [
      HOUR_MS,
      [...triggers.map(() => 'error'), 'error'],
      'and an old event could start its run twice, of every trigger',
    ],
    [100 * DAY_MS, ['warning'], 'the book forgets first'],
  ] as const)
    it(`a retention of ${retentionMs / HOUR_MS} h: ${why}`, () => {
      const found = retentionFindings(retentionMs, config);
      assert.deepEqual(
        found.map(({ severity }) => severity),
        severities,
      );
      for (const { severity, remedy } of found) assert.equal(remedy === '', severity === 'ok');
    });

  it('zone data that does not say its release is worth a warning', () => {
    assert.equal(zoneFinding({ tzdb: 'unknown', origin: '/zones' }).severity, 'warning');
    assert.equal(zoneFinding({ tzdb: '2026f', origin: 'moment-timezone' }).severity, 'ok');
  });

  const version = (build: string, more: Partial<Version>): Version => ({
    build,
    state: 'inactive',
    share: 0,
    createdAt: 0,
    retiredAt: 0,
    running: 0,
    failed: 0,
    workers: 3,
    remembered: 3,
    ...more,
  });
  const current = version('new', { state: 'current', share: 100, running: 2 });
  for (const [why, behaviour, external, others, texts] of [
    ['one is current', 'pinned', true, [], []],
    ['a new one waits, and takes over no run', 'pinned', true, [version('next', {})], []],
    ['a new one waits, and would take over the runs in progress', 'autoUpgrade', true, [version('next', {})], [/next/]],
    ['one without workers can take over nothing', 'autoUpgrade', true, [version('next', { workers: 0 })], []],
    ['`tocsin up` promotes what it is', 'autoUpgrade', false, [], [/tocsin up makes its own version current/]],
    ['`tocsin up` with runs that stay', 'pinned', false, [], []],
    [
      'runs wait for nobody',
      'pinned',
      true,
      [version('old', { state: 'draining', running: 4, workers: 0 })],
      [/4 runs wait for version old/],
    ],
    ['one that is drained may be gone', 'pinned', true, [version('old', { state: 'drained', workers: 0 })], []],
  ] as const)
    it(`versions: ${why}`, () => {
      const deployment = { versions: [current, ...others], current, ramping: null, conflictToken: null };
      const found = versionFindings(deployment, { name: 'tocsin', behaviour }, external);
      if (texts.length === 0)
        return assert.deepEqual(
          found.map(({ severity }) => severity),
          ['ok'],
        );
      assert.equal(found.length, texts.length);
      for (const [index, text] of texts.entries()) assert.match(found[index]?.what ?? '', text);
      for (const { remedy } of found) assert.notEqual(remedy, '');
    });

  it('versions: none takes new runs', () => {
    const deployment = { versions: [version('first', {})], current: null, ramping: null, conflictToken: null };
    const [finding] = versionFindings(deployment, { name: 'tocsin', behaviour: 'pinned' }, true);
    assert.match(finding?.what ?? '', /no version of tocsin takes new runs/);
    assert.match(finding?.remedy ?? '', /tocsin versions promote BUILD/);
  });

  it('looks at the disk of a directory that is not there yet', () =>
    assert.match(diskFinding(join(tmpdir(), 'none', 'of', 'these')).what, /GiB .* are free in/));
});
