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

  it('looks at the disk of a directory that is not there yet', () =>
    assert.match(diskFinding(join(tmpdir(), 'none', 'of', 'these')).what, /GiB .* are free in/));
});
