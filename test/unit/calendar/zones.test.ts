/** Zone data against the operating system's own reader, and names that are refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { CalendarError } from '../../../activities/calendar/calendar-error.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { parseTzif } from '../../../activities/calendar/tzif.ts';
import { openZoneData, zoneDataSource } from '../../../activities/calendar/zone-data.ts';

const SYSTEM = '/usr/share/zoneinfo';
const zdump = ['/usr/bin/zdump', '/usr/sbin/zdump'].find(existsSync);
const needsSystem = { skip: existsSync(SYSTEM) ? false : `no zone files at ${SYSTEM}` };
const needsDump = { skip: zdump !== undefined && existsSync(SYSTEM) ? false : 'no zdump with zone files here' };
const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'tocsin-zones-'));
  folders.push(made);
  return made;
};

describe('zones', () => {
  it('have the transitions of 2020 to 2035 that the operating system sees', needsDump, () => {
    const zones = openZoneData({ env: { TZDIR: SYSTEM } });
    const names = [...zones.ids].filter((id) => id.includes('/'));
    const dump = execFileSync(zdump ?? '', ['-V', '-c', '2020,2036', ...names], {
      encoding: 'utf8',
      env: { TZDIR: SYSTEM },
      maxBuffer: 100_000_000,
    });
    const lines = dump.split('\n').flatMap((line) => {
      const match = /^(\S+)\s+\w+ (\w+)\s+(\d+) ([\d:]+) (\d+) UTC? = .* gmtoff=(-?\d+)$/.exec(line);
      return match === null ? [] : [match.slice(1)];
    });
    assert.ok(lines.length > 5_000, `${lines.length} lines of zdump were read`);
    for (const [id = '', month = '', day = '', time = '', year = '', offset] of lines) {
      const at = readInstantText(`${year}-${MONTHS[month]}-${day.padStart(2, '0')}T${time}Z`);
      assert.equal(zones.zone(id).periodAt(at).offset, Number(offset), `${id} at ${instantText(at)}`);
    }
  });

  it('are the same packed, wherever no rule has changed between the two releases', needsSystem, () => {
    const system = openZoneData({ env: { TZDIR: SYSTEM } });
    const packed = openZoneData({ directories: [] });
    assert.equal(packed.origin, 'moment-timezone');
    assert.match(packed.tzdb, /^20\d\d[a-z]$/);
    // Every zone had settled by then in any release this could run with.
    const [from, to] = [readInstantText('1990-01-01T00:00:00Z'), readInstantText('2020-01-01T00:00:00Z')];
    const differ = (id: string, [begin, end]: readonly [number, number]): boolean => {
      const [one, other] = [system, packed].map((data) =>
        data
          .zone(id)
          .periods(begin, end)
          .map((period) => `${Math.max(period.from, begin)} ${period.offset}`)
          .join(),
      );
      return one !== other;
    };
    const ids = [...packed.ids].filter((id) => system.ids.has(id));
    const moved = ids.filter((id) => differ(id, [from, to]));
    assert.ok(moved.length <= packed.ids.size / 50, `different before 2020: ${moved.join(', ')}`);
    // What has the same rule goes on by it for as long as a schedule can be written.
    const [soon, far, end] = ['2036', '2037', '2199'].map((year) => readInstantText(`${year}-01-01T00:00:00Z`));
    const apart = ids.filter((id) => !differ(id, [soon ?? 0, far ?? 0]) && differ(id, [far ?? 0, end ?? 0]));
    assert.deepEqual(apart, []);
  });

  for (const [name, suggestion] of [
    ['', null],
    ['EST', 'America/New_York'],
    ['CET', 'Europe/Berlin'],
    ['+05:30', null],
    ['UTC+2', null],
    ['GMT-3', null],
    ['GMT+5', null],
    ['EST5EDT', 'America/New_York'],
    ['Local', null],
    ['constructor', null],
    ['localtime', null],
    ['europe/paris', 'Europe/Paris'],
    ['EUROPE/PARIS', 'Europe/Paris'],
    ['Europe/Pariss', 'Europe/Paris'],
    ['America/New York', 'America/New_York'],
    ['Kyiv', 'Europe/Kyiv'],
    ['Mars/Olympus', null],
    ['../../etc/passwd', null],
    ['posix/Europe/Berlin', 'Europe/Berlin'],
    ['America', null],
    ['x'.repeat(10_000), null],
  ] as const)
    it(`refuses ${name.slice(0, 30) || 'an empty name'}`, () => {
      assert.throws(
        () => openZoneData().zone(name),
        (error) =>
          error instanceof CalendarError &&
          error.code === 'unknown-zone' &&
          error.message.includes(suggestion === null ? 'expected a name like' : `did you mean ${suggestion}`),
      );
    });

  it('takes links, UTC and names with three parts', () => {
    const zones = openZoneData();
    for (const id of ['UTC', 'Europe/Kyiv', 'Europe/Kiev', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])
      assert.equal(zones.zone(id).id, id);
  });

  it('takes a named directory as it is, and says when there is nothing in it', needsSystem, () => {
    const dir = folder();
    assert.throws(() => openZoneData({ env: { TZDIR: dir } }), /holds no zones/);
    mkdirSync(join(dir, 'Europe'));
    cpSync(join(SYSTEM, 'Europe/Berlin'), join(dir, 'Europe/Berlin'), { dereference: true });
    writeFileSync(join(dir, 'tzdata.zi'), '# version 1999z\n');
    const zones = openZoneData({ env: { TZDIR: dir } });
    assert.deepEqual([zones.tzdb, [...zones.ids]], ['1999z', ['Europe/Berlin']]);
    assert.throws(() => zones.zone('Europe/Paris'), /no zone of tzdb 1999z/);
    rmSync(join(dir, 'Europe/Berlin'));
    assert.throws(() => zones.zone('Europe/Berlin'), /cannot be read/);
  });

  for (const [why, release, origin] of [
    ['files of a newer release win', '# version 2999a\n', 'files'],
    ['files of the same release win', `# version ${openZoneData({ directories: [] }).tzdb}\n`, 'files'],
    ['files of an older release lose', '# version 1999z\n', 'moment-timezone'],
    ['files that do not say their release lose', null, 'moment-timezone'],
    ['files of a release that is none lose', '# version unknown\n', 'moment-timezone'],
  ] as const)
    it(why, needsSystem, () => {
      const dir = folder();
      mkdirSync(join(dir, 'Europe'));
      cpSync(join(SYSTEM, 'Europe/Berlin'), join(dir, 'Europe/Berlin'), { dereference: true });
      if (release !== null) writeFileSync(join(dir, 'tzdata.zi'), release);
      const zones = openZoneData({ directories: [dir] });
      assert.equal(zones.origin, origin === 'files' ? dir : origin);
      assert.equal(zones.ids.has('Asia/Tokyo'), origin !== 'files');
    });

  it('are read again when the files are replaced', needsSystem, () => {
    const dir = folder();
    mkdirSync(join(dir, 'Europe'));
    const install = (zone: string, release: string): void => {
      cpSync(join(SYSTEM, zone), join(dir, 'Europe/Berlin'), { dereference: true });
      writeFileSync(join(dir, 'tzdata.zi'), `# version ${release}\n`);
    };
    install('Europe/Berlin', '2026a');
    const current = zoneDataSource({ env: { TZDIR: dir } });
    const at = readInstantText('2026-01-01T00:00:00Z');
    assert.deepEqual([current().tzdb, current().zone('Europe/Berlin').periodAt(at).offset], ['2026a', 3_600]);
    assert.equal(current(), current());
    install('Asia/Tokyo', '2026b, corrected');
    assert.deepEqual([current().tzdb, current().zone('Europe/Berlin').periodAt(at).offset], ['2026b,', 32_400]);
  });

  it('refuses any truncated or damaged file without another kind of error', needsSystem, () => {
    const whole = readFileSync(join(SYSTEM, 'America/New_York'));
    for (let length = 0; length < whole.length - 1; length += 7)
      assert.throws(() => parseTzif(whole.subarray(0, length)), CalendarError);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1 }), (changes) => {
        const damaged = Uint8Array.from(whole);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          parseTzif(damaged);
        } catch (error) {
          assert.ok(error instanceof CalendarError, String(error));
        }
      }),
    );
  });
});

const MONTHS: Readonly<Record<string, string>> = Object.fromEntries(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, index) => [
    name,
    String(index + 1).padStart(2, '0'),
  ]),
);
