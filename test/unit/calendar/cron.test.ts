/** Cron expressions: what they mean, and what is refused with which words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CalendarError } from '../../../activities/calendar/calendar-error.ts';
import { readSchedule } from '../../../activities/calendar/read-schedule.ts';
import { parseCron } from '../../../activities/calendar/cron.ts';
import { DEFAULT_POLICY, fireTimes } from '../../../activities/calendar/fire-times.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';

const utc = openZoneData().zone('UTC');
const next = (cron: string, after: string, count = 3): string[] =>
  fireTimes(parseCron(cron).cron, utc, DEFAULT_POLICY, readInstantText(after), count).map(({ at }) =>
    instantText(at).replace('T00:00:00Z', ''),
  );

describe('cron', () => {
  for (const [cron, after, expected] of [
    ['0 0 L * *', '2026-01-31T00:00:00Z', ['2026-02-28', '2026-03-31', '2026-04-30']],
    ['0 0 L-2 * *', '2026-01-31T00:00:00Z', ['2026-02-26', '2026-03-29', '2026-04-28']],
    ['0 0 15W * *', '2026-08-01T00:00:00Z', ['2026-08-14', '2026-09-15', '2026-10-15']],
    ['0 0 1W * *', '2026-08-01T00:00:00Z', ['2026-08-03', '2026-09-01', '2026-10-01']],
    ['0 0 LW * *', '2026-02-01T00:00:00Z', ['2026-02-27', '2026-03-31', '2026-04-30']],
    ['0 0 * * 5L', '2026-11-01T00:00:00Z', ['2026-11-27', '2026-12-25', '2027-01-29']],
    ['0 0 * * friL', '2026-11-01T00:00:00Z', ['2026-11-27', '2026-12-25', '2027-01-29']],
    ['0 0 * * fri#2', '2026-11-01T00:00:00Z', ['2026-11-13', '2026-12-11', '2027-01-08']],
    ['0 0 31W * *', '2026-08-31T12:00:00Z', ['2026-10-30', '2026-12-31', '2027-01-29']],
    ['0 0 W15 * *', '2026-08-01T00:00:00Z', ['2026-08-14', '2026-09-15', '2026-10-15']],
    ['0 0 L-1W * *', '2026-02-01T00:00:00Z', ['2026-02-27', '2026-03-30', '2026-04-29']],
    ['0 0 29-L * *', '2026-02-01T00:00:00Z', ['2026-03-29', '2026-03-30', '2026-03-31']],
    ['0 0 * * L5', '2026-11-01T00:00:00Z', ['2026-11-27', '2026-12-25', '2027-01-29']],
    ['0 0 * * mon-tue#1', '2026-11-01T00:00:00Z', ['2026-11-02', '2026-11-03', '2026-12-01']],
    ['0 0 * * 1#5', '2026-11-01T00:00:00Z', ['2026-11-30', '2027-03-29', '2027-05-31']],
    ['0 0 * * 7', '2026-11-23T00:00:00Z', ['2026-11-29', '2026-12-06', '2026-12-13']],
    ['0 0 * * sun', '2026-11-23T00:00:00Z', ['2026-11-29', '2026-12-06', '2026-12-13']],
    ['0 0 * * fri-sun', '2026-11-23T00:00:00Z', ['2026-11-27', '2026-11-28', '2026-11-29']],
    ['0 0 * * 5-7', '2026-11-23T00:00:00Z', ['2026-11-27', '2026-11-28', '2026-11-29']],
    ['0 0 * * fri-mon/2', '2026-11-23T00:00:00Z', ['2026-11-27', '2026-11-29', '2026-12-04']],
    ['0 0 * * 7-1', '2026-11-23T00:00:00Z', ['2026-11-29', '2026-11-30', '2026-12-06']],
    ['0 0 1 nov-feb *', '2026-11-01T00:00:00Z', ['2026-12-01', '2027-01-01', '2027-02-01']],
    ['0 0 13 * fri', '2026-11-01T00:00:00Z', ['2026-11-06', '2026-11-13', '2026-11-20']],
    ['0 0 13 * ?', '2026-11-01T00:00:00Z', ['2026-11-13', '2026-12-13', '2027-01-13']],
    ['0 0 1,15 jan-mar *', '2026-11-01T00:00:00Z', ['2027-01-01', '2027-01-15', '2027-02-01']],
    ['0 0 29 2 *', '2026-11-01T00:00:00Z', ['2028-02-29', '2032-02-29', '2036-02-29']],
    ['0 0 29 2 *', '2092-03-01T00:00:00Z', ['2096-02-29', '2104-02-29', '2108-02-29']],
    ['0 0 29 2 *', '9990-03-01T00:00:00Z', ['9992-02-29', '9996-02-29']],
    ['0 0 0 1 1 ? 2026,2060', '2026-11-01T00:00:00Z', ['2060-01-01']],
    ['0 0 0 1 1 ? 2026/10', '2026-11-01T00:00:00Z', ['2036-01-01', '2046-01-01', '2056-01-01']],
    ['0 0 0 1 1 ? 2020', '2026-11-01T00:00:00Z', []],
    ['0 0 0 * * MON/3', '2026-11-01T00:00:00Z', ['2026-11-02', '2026-11-05', '2026-11-09']],
    ['0 0 * * 0/7', '2026-11-02T00:00:00Z', ['2026-11-08', '2026-11-15', '2026-11-22']],
    ['0 0 * * 7-7', '2026-11-02T00:00:00Z', ['2026-11-08', '2026-11-15', '2026-11-22']],
    ['0 0 * * 2-7/5', '2026-11-02T00:00:00Z', ['2026-11-03', '2026-11-08', '2026-11-10']],
    ['0 0 * * thu-tue/2', '2026-11-02T00:00:00Z', ['2026-11-05', '2026-11-07', '2026-11-09']],
    ['0 0 1 apr-mar/2 *', '2026-11-01T00:00:00Z', ['2026-12-01', '2027-02-01', '2027-04-01']],
    ['0 0 * * L', '2026-11-02T00:00:00Z', ['2026-11-07', '2026-11-14', '2026-11-21']],
    ['@every 2d', '2026-11-01T00:00:00Z', ['2026-11-03', '2026-11-05', '2026-11-07']],
    ['@every 1d12h', '2026-11-01T12:00:00Z', ['2026-11-03', '2026-11-04T12:00:00Z', '2026-11-06']],
    // Only the first: a known way of wanting both day fields to match in Debian's cron.
    ['0 0 */100 * ?', '2026-11-01T00:00:00Z', ['2026-12-01', '2027-01-01', '2027-02-01']],
    ['0 */24 * * *', '2026-11-01T00:00:00Z', ['2026-11-02', '2026-11-03', '2026-11-04']],
    ['0 0 31 4,6,9,11 *', '2026-11-01T00:00:00Z', []],
    ['@monthly', '2026-11-01T00:00:00Z', ['2026-12-01', '2027-01-01', '2027-02-01']],
    ['@daily', '2026-11-01T00:00:00Z', ['2026-11-02', '2026-11-03', '2026-11-04']],
    ['@midnight', '2026-11-01T00:00:00Z', ['2026-11-02', '2026-11-03', '2026-11-04']],
    ['@weekly', '2026-11-01T00:00:00Z', ['2026-11-08', '2026-11-15', '2026-11-22']],
    ['@yearly', '2026-11-01T00:00:00Z', ['2027-01-01', '2028-01-01', '2029-01-01']],
    ['@annually', '2026-11-01T00:00:00Z', ['2027-01-01', '2028-01-01', '2029-01-01']],
    ['@hourly', '2026-11-01T22:30:00Z', ['2026-11-01T23:00:00Z', '2026-11-02', '2026-11-02T01:00:00Z']],
    ['  0   0  1 1  * ', '2026-11-01T00:00:00Z', ['2027-01-01', '2028-01-01', '2029-01-01']],
    ['30 0 0 1 1 *', '2026-11-01T00:00:00Z', ['2027-01-01T00:00:30Z', '2028-01-01T00:00:30Z', '2029-01-01T00:00:30Z']],
    ['5/20 12 * * *', '2026-11-01T00:00:00Z', ['2026-11-01T12:05:00Z', '2026-11-01T12:25:00Z', '2026-11-01T12:45:00Z']],
  ] as const)
    it(`${cron} after ${after.slice(0, 10)}`, () => {
      assert.deepEqual(next(cron, after), expected);
    });

  for (const [cron, words] of [
    ['', '0 fields'],
    ['* * *', '3 fields'],
    ['* * * * * * * *', '8 fields'],
    ['* * * * * * 1969', 'year "1969"'],
    ['0 18 ? * 2-6 *', 'six fields have seconds first'],
    ['0 10 * * ? *', 'six fields have seconds first'],
    ['0 0 1 1 * 2027', 'six fields have seconds first'],
    ['cron(0 10 * * ? *)', 'EventBridge'],
    ['rate(5 minutes)', 'EventBridge'],
    ['H * * * *', 'jitter'],
    ['H/15 0 * * *', 'jitter'],
    ['0 H(0-7) * * *', 'jitter'],
    ['0~30 * * * *', 'jitter'],
    ['@reboot', 'no point in time'],
    ['*-*-* 02:30:00', 'OnCalendar'],
    ['Mon..Fri 2:30', 'OnCalendar'],
    ['*-02~01', 'OnCalendar'],
    ['0 0 * * mon..fri', 'OnCalendar'],
    ['daily', 'a word like @daily'],
    ['0 5 * * * Europe/Berlin', 'CRON_TZ=Europe/Berlin'],
    ['0 0 5 * * mon UTC', 'ends with a zone'],
    ['? 0 * * *', 'minute "?"'],
    ['0 22-2 * * *', 'runs backwards'],
    ['0 0 28-3 * *', 'runs backwards'],
    ['0 0 * 11-2 *', 'runs backwards'],
    ['60 * * * *', 'minute "60"'],
    ['* 24 * * *', 'hour "24"'],
    ['* * 0 * *', 'day of month "0"'],
    ['* * 32 * *', 'day of month "32"'],
    ['* * * 13 *', 'month "13"'],
    ['* * * * 8', 'day of week "8"'],
    ['*/0 * * * *', 'step'],
    ['*/-1 * * * *', 'step'],
    ['*/x * * * *', 'step'],
    ['1/2/3 * * * *', 'step'],
    ['5-1 * * * *', 'runs backwards'],
    ['1- * * * *', 'minute "1-"'],
    ['-1 * * * *', 'minute "-1"'],
    [', * * * *', 'minute ""'],
    ['1.5 * * * *', 'minute "1.5"'],
    ['* * * * mon#6', 'day of week'],
    ['* * * * fr', 'day of week "fr"'],
    ['* * L-40 * *', 'day of month'],
    ['@fortnightly', 'unknown'],
    ['constructor', '1 fields'],
    ['*/90 * * * *', 'once in each hour; expected a step of at most 60, or elapsed time like @every 90m'],
    ['5-55/61 * * * *', 'once in each hour'],
    ['0 */36 * * *', 'once in each day'],
    ['*/75 * * * * *', 'once in each minute'],
    ['0 5 * * 1 # nightly', 'begins with #'],
    ['0 5 * * fri #2', 'begins with #'],
    ['@daily # nightly', 'begins with #'],
    ['@every', 'duration'],
    ['@every 1d2d', 'duration'],
    ['@every 1.5d', 'duration'],
    ['@every -1d', 'duration'],
    ['@every 1d-2h', 'duration'],
    ['@every 90', 'duration'],
    ['@every .s', 'duration'],
    ['@every 1h 30m', 'duration'],
    ['@every 1H', 'duration'],
    ['@every 99999999999h', 'duration'],
    ['TZ= 0 5 * * *', 'names no zone'],
    ['CRON_TZ=Europe/Berlin', 'nothing besides'],
    ['@every soon', 'duration'],
    [`* * * * ${'1,'.repeat(600)}1`, 'characters'],
  ] as const)
    it(`refuses ${cron.slice(0, 30) || 'nothing'}`, () => {
      assert.throws(
        () => parseCron(cron),
        (error) => error instanceof CalendarError && error.code === 'bad-cron' && error.message.includes(words),
      );
    });

  for (const [text, seconds] of [
    ['1h30m10s', 5_410],
    ['1.5h', 5_400],
    ['1d1.5h', 91_800],
    ['.5m', 30],
    ['2.m', 120],
    ['+90s', 90],
    ['1s1m', 61],
    ['1m1m', 120],
    ['1.999s', 1],
    ['0.1h', 360],
    ['0.33333333333333333333h', 1_199],
    ['61001ms', 61],
    ['3000000us1s', 4],
    ['2000000\u00b5s', 2],
    ['2000000\u03bcs', 2],
    ['1999999999ns', 1],
    ['500ms', 1],
    ['1us', 1],
    ['0', 1],
    ['0s', 1],
    ['-1h', 1],
    ['2540400h10m10.5s', 9_145_440_610],
  ] as const)
    it(`@every ${text} is ${seconds} s, as Go and the engine of Kubernetes round it`, () => {
      assert.deepEqual(parseCron(`@every ${text}`).cron, { everySeconds: seconds, from: null });
    });

  for (const text of ['0', '-1h', '5ms'])
    it(`a schedule with @every ${text} is refused, though cron rounds it up`, () => {
      for (const cron of [`@every ${text}`, `TZ=UTC @every ${text}`])
        assert.throws(() => readSchedule({ cron }), /is less than a second; expected at least 1s/);
      assert.ok(readSchedule({ cron: '@every 1s' }));
    });

  it('@every counts whole seconds from when it is asked', () => {
    assert.deepEqual(next('@every 1.5h', '2026-11-01T00:00:07.9Z', 2), [
      '2026-11-01T01:30:07Z',
      '2026-11-01T03:00:07Z',
    ]);
  });

  it('never fails in another way, whatever is written', () => {
    const part = fc.constantFrom(
      '*',
      '?',
      '5',
      '1-5',
      '*/7',
      'mon',
      'L',
      'LW',
      '15W',
      '5#2',
      '7L',
      ',',
      '-',
      '/',
      'x',
      '#',
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.array(part, { maxLength: 4 }).map((all) => all.join('')),
          { maxLength: 7 },
        ),
        (fields) => {
          try {
            const { cron } = parseCron(fields.join(' '));
            fireTimes(cron, utc, DEFAULT_POLICY, 0, 2);
          } catch (error) {
            assert.ok(error instanceof CalendarError, String(error));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
