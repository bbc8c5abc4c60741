/** Times and places that cannot be: what `tocsin check` says of each, with file and line. What they come to at run time is in `windows.test.ts`. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { windowLines } from '../../../workers/commands/check.ts';
import { loadConfig, placeInConfig } from '../../../workers/config.ts';
import { scheduleLines } from '../../../workers/project-problems.ts';
import { NIGHTLY } from '../../support/rollout-report.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-bad-times-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const FILE = join(dir, 'tocsin.yaml');

/** A directory of zone data that has these zones of this machine, the last of them cut short. */
function zoneDirectory(name: string, ...zones: readonly string[]): string {
  for (const zone of zones) {
    const file = join(dir, name, zone);
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(join('/usr/share/zoneinfo', zone), file);
    if (zone === zones.at(-1)) truncateSync(file, 120);
  }
  return join(dir, name);
}

/** What is wrong, as one text. */
function told(yaml: string, TZDIR?: string): string {
  writeFileSync(FILE, yaml);
  const source = { file: FILE, env: TZDIR === undefined ? {} : { TZDIR } };
  try {
    const config = loadConfig(source);
    const { problems } = windowLines(config, source, { patchFleet: { ...NIGHTLY, window: 'brief' } });
    return [...problems, ...scheduleLines(config, placeInConfig(source))].join('\n');
  } catch (error) {
    return error instanceof Error ? error.message : assert.fail(String(error));
  }
}

const window = (definition: string): string => `regions: [eu]\nwindows:\n  w: ${definition}\n`;
const inZone = (zone: string): string => window(`{ times: ['22:00-04:00'], zone: ${zone} }`);
const schedule = (fields: string): string => `regions: [eu]\nschedules:\n  - { id: s, zone: UTC, ${fields} }\n`;
const holidays = (definition: string): string => `regions: [eu]\nholidays:\n  de: ${definition}\n`;

/** Refused when it is loaded: the file stands above its lines. */
const loaded = (line: string): RegExp => new RegExp(`^configuration ${FILE}:\n  ${line}`);
/** Found by a look at today and the zone data. */
const today = (line: string): RegExp => new RegExp(`^${FILE}:${line}`);

const ROWS: readonly (readonly [why: string, yaml: string, expected: RegExp])[] = [
  [
    'a window on 30 February',
    window('{ daysOfMonth: 30, months: feb, zone: UTC }'),
    today('3:3 /windows/w: eu: closed: .*; does not open within 400 days'),
  ],
  ['a window in a year that is over', window('{ years: 2020, zone: UTC }'), today('3:3 /windows/w: .*400 days')],
  [
    'a window at 25:00',
    window("{ times: ['22:00-25:00'] }"),
    loaded('3:\\d+ /windows/w/times/0/end: "25:00" is no time'),
  ],
  ['a window without times', window('{ times: [] }'), loaded('3:\\d+ /windows/w/times: no times')],
  ['a window without weekdays', window('{ weekdays: [] }'), loaded('3:\\d+ /windows/w/weekdays: no weekday is left')],
  [
    'a window that is shorter than what is to be done in it',
    "regions: [{ name: eu, zone: Europe/Berlin }]\nwindows:\n  brief: { times: ['22:00-22:20'] }\n",
    today('3:3 /windows/brief: eu: too short for a target of runbook patchFleet: .* 20 min, and 30 min are needed'),
  ],
  [
    'a window in no zone',
    window("{ times: ['22:00-04:00'] }"),
    today('3:3 /windows/w: .*has no zone, and region "eu" has'),
  ],
  ['an unknown zone', inZone('Europe/Atlantis'), today('3:3 /windows/w: .*"Europe/Atlantis" is no zone of tzdb \\w+')],
  ['a zone in lower case', inZone('europe/berlin'), today('3:3 /windows/w: .*did you mean Europe/Berlin')],
  ['a zone by its abbreviation', inZone('EST'), today('3:3 /windows/w: .*did you mean America/New_York or')],
  ['a zone by its offset', inZone("'+02:00'"), today('3:3 /windows/w: .*expected a name like Europe/Berlin, or UTC')],
  ['a zone that is the host’s', inZone('Local'), today('3:3 /windows/w: .*"Local" is no zone')],
  ['a zone without a name', inZone("''"), today('3:3 /windows/w: .*"" is no zone')],
  [
    'a region in a zone by its abbreviation',
    'regions:\n  - { name: eu, zone: CET }\n',
    loaded('2:\\d+ /regions/0/zone: .*did you mean Europe/Berlin or'),
  ],
  [
    'a holiday on 30 February',
    holidays('{ dates: [2026-02-30], coversUntil: 2027-01-01 }'),
    loaded('3:\\d+ /holidays/de/dates/0: "2026-02-30" is no date'),
  ],
  ['holidays for ever', holidays('{ dates: [2026-12-25] }'), loaded('3:3 /holidays/de: does not say until when')],
  [
    'holidays that are out of date',
    holidays('{ dates: [2020-12-25], coversUntil: 2020-12-31 }'),
    today('3:\\d+ /holidays/de/coversUntil: speaks only until 2020-12-31: windows that exclude it are closed'),
  ],
  [
    'a freeze that ends before it begins',
    'regions: [eu]\nfreezes:\n  - { from: 2026-12-02T00:00:00Z, to: 2026-12-01T00:00:00Z }\n',
    loaded('3:\\d+ /freezes/0/to: .* is not after'),
  ],
  [
    'a schedule on 30 February',
    schedule("cron: '0 2 30 2 *'"),
    today('3:\\d+ /schedules/0/cron: schedule s: never fires within nine years'),
  ],
  [
    'a calendar on 30 February',
    schedule("at: '02:00', daysOfMonth: 30, months: feb"),
    today('3:\\d+ /schedules/0/at: schedule s: never fires'),
  ],
  [
    'a schedule at 25:00',
    schedule("at: '25:00'"),
    today('3:\\d+ /schedules/0/at/0: schedule s: "25:00" is no time of day'),
  ],
  [
    'a cron hour of 25',
    schedule("cron: '0 25 * * *'"),
    today('3:\\d+ /schedules/0/cron: schedule s: hour "25" cannot be read'),
  ],
  [
    'a schedule of each second',
    schedule("cron: '* * * * * *'"),
    today('3:\\d+ /schedules/0/cron: schedule s: it fires more than'),
  ],
  [
    'conditions beside a cron expression',
    schedule("cron: '0 9 * * 1-5', weekdays: mon, months: jan"),
    today(
      '3:\\d+ /schedules/0/weekdays: schedule s: goes with at; expected it in the expression\n.*:3:\\d+ /schedules/0/months',
    ),
  ],
  [
    'a condition beside elapsed time',
    schedule('every: 36h, months: jan'),
    today('3:\\d+ /schedules/0/months: schedule s: goes with at; elapsed time knows no dates'),
  ],
  [
    'a calendar with an empty condition',
    schedule("at: '01:00', weekdays: "),
    today('3:\\d+ /schedules/0/weekdays: schedule s: is empty; leave it out to mean every day'),
  ],
  [
    'a calendar of no year',
    schedule("at: '01:00', years: []"),
    today('3:\\d+ /schedules/0/years: schedule s: is empty'),
  ],
  ['a calendar without times', schedule('at: []'), today('3:\\d+ /schedules/0/at: schedule s: no times')],
  [
    'a schedule in a zone of the wrong case',
    'regions: [eu]\nschedules:\n  - id: s\n    zone: europe/berlin\n    every: 1h\n',
    today('4:5 /schedules/0/zone: schedule s: .*did you mean Europe/Berlin'),
  ],
  [
    'a schedule in two zones',
    schedule("cron: 'TZ=Asia/Tokyo 0 2 * * *'"),
    today('3:\\d+ /schedules/0/cron: schedule s: .*has zone UTC and TZ=Asia/Tokyo'),
  ],
  [
    'a schedule in a region that is none',
    schedule('every: 1h, region: mars'),
    today('3:\\d+ /schedules/0/region: schedule s: region mars, expected one of eu'),
  ],
];

describe('times and places that cannot be', () => {
  for (const [why, yaml, expected] of ROWS) it(why, () => assert.match(told(yaml), expected));

  const berlin = inZone('Europe/Berlin');
  it('nothing is said of what is right', () => assert.equal(told(berlin), ''));

  it('zone data that is missing', () => {
    assert.match(told(berlin, join(dir, 'nowhere')), /^TZDIR ".*nowhere" holds no zones; expected TZif files/);
    const region = 'regions:\n  - { name: eu, zone: Europe/Berlin }\n';
    assert.match(told(region, join(dir, 'nowhere')), loaded('1:1 /regions: TZDIR ".*nowhere" holds no zones'));
  });

  it('zone data that is cut short, for the windows of that zone', () => {
    const cut = zoneDirectory('cut', 'Europe/London', 'Europe/Berlin');
    assert.match(
      told(berlin, cut),
      today('3:3 /windows/w: .*zone Europe/Berlin cannot be read: not a complete TZif file'),
    );
    assert.equal(told(inZone('Europe/London'), cut), '');
  });

  it('a zone that is gone from the data', () =>
    assert.match(
      told(inZone('Asia/Tokyo'), zoneDirectory('few', 'Europe/London')),
      today('3:3 /windows/w: .*"Asia/Tokyo" is no zone'),
    ));
});
