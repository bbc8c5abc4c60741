/** Windows in `tocsin.yaml`: what keeps the configuration from being loaded, and what `tocsin check` finds about today. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { createWindows } from '../../../activities/windows/windows.ts';
import { windowLines } from '../../../workers/commands/check.ts';
import { loadConfig } from '../../../workers/config.ts';
import type { Rollout } from '../../../workflows/kit/rollout-plan.ts';
import { NIGHTLY } from '../../support/rollout-report.ts';
import { windowFindings } from '../../../workers/windows/window-problems.ts';
import { windowDefinitions } from '../../../workers/windows/windows-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-windows-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function written(yaml: string): string {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, yaml);
  return file;
}
const load = (yaml: string) => loadConfig({ file: written(yaml), env: {} });

describe('windows of a configuration', () => {
  const REFUSED: readonly (readonly [yaml: string, line: RegExp])[] = [
    [`windows: { w: { start: '25:00', end: '04:00' } }`, /1:17 \/windows\/w\/start: "25:00" is no time of day/],
    [`windows: { w: fri 26:00-04:00 }`, /1:12 \/windows\/w\/start: "26:00" is no time of day/],
    [`windows: { w: {} }`, /\/windows\/w: says nothing about when it is open/],
    [`windows: { w: { times: [] } }`, /\/windows\/w\/times: no times/],
    [`windows: { w: { daysOfMonth: 32 } }`, /\/windows\/w\/daysOfMonth\/0: 32 is not a day/],
    [`windows: { w: { times: ['1:00-2:00'], exclude: [holidays:de] } }`, /\/windows\/w\/exclude: de is not configured/],
    [
      `windows: { w: { times: ['1:00-2:00'], exclude: [sundays] } }`,
      /exclude\/0: "sundays" is not known; expected holidays:NAME or freezes/,
    ],
    [
      `windows: { w: { times: ['1:00-2:00'], over: all, regions: [eu, mars] } }`,
      /\/windows\/w\/regions: mars is not configured, expected one of eu, us/,
    ],
    [
      `windows: { w: { times: ['1:00-2:00'], over: most, regions: [eu] } }`,
      /\/windows\/w\/over: "most"; expected all, any or each/,
    ],
    [
      `windows: { w: { alertmanager: [{ times: [{ start_time: '22:00', end_time: '04:00' }] }] } }`,
      /alertmanager\/0\/times\/0: ends at or before it starts/,
    ],
    [
      `windows: { w: { zone: UTC, alertmanager: [{ months: ['1'] }] } }`,
      /\/windows\/w\/zone: cannot stand beside alertmanager/,
    ],
    [
      `holidays: { de: { dates: [2026-02-30], coversUntil: 2026-12-31 } }`,
      /1:27 \/holidays\/de\/dates\/0: "2026-02-30" is no date/,
    ],
    [`holidays: { de: { dates: [2026-02-28] } }`, /\/holidays\/de: does not say until when it speaks/],
    [`freezes: [{ from: 2026-12-01T00:00:00Z, to: 2026-11-01T00:00:00Z }]`, /\/freezes\/0\/to: .* is not after/],
  ];
  for (const [yaml, line] of REFUSED) it(`are refused: ${yaml}`, () => assert.throws(() => load(yaml), line));

  const zones = openZoneData();
  const on = (date: string): number => Date.parse(`${date}T12:00:00Z`);

  it('are checked against today: what never opens is wrong, what ends soon is told', () => {
    const config = load(`
windows:
  fine: { times: ['22:00-04:00'], zone: Europe/Berlin, exclude: [holidays:de] }
  leap: { daysOfMonth: 30, months: feb, zone: Europe/Berlin }
  case: { times: ['22:00-04:00'], zone: Europe/berlin }
  placeless: { times: ['22:00-04:00'] }
  apart: { alertmanager: [{ years: ['2020'] }] }
holidays:
  de: { dates: [2026-12-25], coversUntil: 2026-12-31 }
  nl: { file: ${join(dir, 'nowhere.yaml')} }
`);
    const { problems, warnings } = windowFindings(config, zones, on('2026-11-24'));
    assert.deepEqual(
      problems.map(({ place }) => place),
      ['/holidays/nl', '/windows/leap', '/windows/case', '/windows/placeless', '/windows/placeless', '/windows/apart'],
    );
    assert.match(problems[1]?.message ?? '', /does not open within 400 days/);
    assert.match(problems[2]?.message ?? '', /did you mean Europe\/Berlin/);
    assert.match(problems[3]?.message ?? '', /window placeless has no zone, and region "eu" has none either/);
    assert.deepEqual(
      warnings.map(({ place }) => place),
      ['/holidays/de/coversUntil'],
    );
    assert.match(
      warnings[0]?.message ?? '',
      /speaks only until 2026-12-31: windows that exclude it will then be closed/,
    );
    const later = windowFindings(config, zones, on('2027-01-05'));
    assert.deepEqual(later.warnings, []);
    assert.match(later.problems[0]?.message ?? '', /speaks only until 2026-12-31: windows that exclude it are closed/);
    assert.ok(!later.problems.some(({ place }) => place === '/windows/fine'));
  });

  it('are told with line and column', () => {
    const yaml = `windows:\n  leap: { daysOfMonth: 30, months: feb, zone: UTC }\n`;
    const config = load(yaml);
    assert.match(
      windowLines(config, { file: written(yaml), env: {} }).problems[0] ?? '',
      /tocsin\.yaml:2:3 \/windows\/leap: /,
    );
  });

  it('are checked against what rollouts need: too short everywhere is wrong, in some places it is told', () => {
    const yaml = `
regions: [{ name: eu, zone: Europe/Berlin }, { name: us, zone: America/New_York }]
windows:
  night: { times: ['22:00-22:20'] }
  long: { times: ['22:00-23:00'] }
`;
    const config = load(yaml);
    const rollout = (window: string): Rollout => ({ ...NIGHTLY, window });
    const found = (rollouts: Record<string, Rollout>) => windowFindings(config, zones, on('2026-11-24'), rollouts);
    const [first, ...more] = found({ patchFleet: rollout('night') }).problems;
    assert.equal(more.length, 1);
    assert.deepEqual(first, {
      place: '/windows/night',
      message:
        'eu: too short for a target of runbook patchFleet: its longest opening within 400 days is 20 min, and 30 min are needed',
    });
    assert.deepEqual(found({ a: rollout('long'), b: rollout('not-there') }), { problems: [], warnings: [] });
    const lines = windowLines(config, { file: written(yaml), env: {} }, { patchFleet: rollout('night') });
    assert.match(lines.problems[0] ?? '', /tocsin\.yaml:4:3 \/windows\/night: eu: too short/);
  });

  it('take up a list of holidays that was extended, and are closed while its file is broken', () => {
    const file = join(dir, 'de.yaml');
    const write = (text: string, stamp: number): void => {
      writeFileSync(file, text);
      utimesSync(file, stamp, stamp);
    };
    write('{ dates: [], coversUntil: 2026-11-01 }', 1);
    const config = load(`
windows: { w: { times: ['00:00-24:00'], zone: UTC, exclude: [holidays:de] } }
holidays: { de: { file: ${file} } }`);
    const windows = createWindows(
      windowDefinitions(config),
      () => zones,
      () => undefined,
    );
    assert.match(windows.at('w', 'eu', on('2026-11-24')).why, /holidays:de speaks only until 2026-11-01/);
    write('{ dates: [], coversUntil: 2027-11-01 }', 2);
    assert.equal(windows.at('w', 'eu', on('2026-11-24')).open, true);
    write('{ dates: [2026-13-01], coversUntil: 2027-11-01 }', 3);
    const { open, doubt, why } = windows.at('w', 'eu', on('2026-11-24'));
    assert.deepEqual([open, doubt], [false, true]);
    assert.match(why, /de\.yaml: .*"2026-13-01" is no date/);
  });
});
