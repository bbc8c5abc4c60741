/** Calendars that a server matches literally must stand for the same instants, and be few. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CalendarError } from '../../../activities/calendar/calendar-error.ts';
import { compileCalendars, expandCalendars } from '../../../activities/calendar/compile-calendars.ts';
import { fireTimes, firingsUntil } from '../../../activities/calendar/fire-times.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { readSchedule } from '../../../activities/calendar/read-schedule.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';

const zones = openZoneData();
const NOW = readInstantText('2026-11-25T00:00:00Z');
const DAY = 86_400;

describe('compiled calendars', () => {
  it('stand for exactly the instants', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 400 * 1_440 }), { maxLength: 200 }), (minutes) => {
        const instants = minutes.map((minute) => NOW + minute * 60).toSorted((one, other) => one - other);
        assert.deepEqual(expandCalendars(compileCalendars(instants)), instants);
      }),
    );
  });

  for (const [definition, most] of [
    [{ cron: '30 2 * * *' }, 32],
    [{ cron: '*/15 * * * *' }, 40],
    [{ cron: '0 8-18 * * mon-fri' }, 32],
    [{ at: ['02:30', '14:30'], nth: 'first sun' }, 40],
  ] as const)
    it(`are few: ${JSON.stringify(definition)}`, () => {
      const { points, policy } = readSchedule(definition);
      const firings = firingsUntil(points, zones.zone('Europe/Berlin'), policy, NOW, NOW + 400 * DAY);
      const instants = firings.map(({ at }) => at);
      const calendars = compileCalendars(instants);
      assert.deepEqual(expandCalendars(calendars), instants);
      assert.ok(calendars.length <= most, `${calendars.length} calendars`);
    });
});

describe('schedules', () => {
  const next = (definition: Readonly<Record<string, unknown>>, zone: string, count: number): string[] => {
    const { points, policy } = readSchedule(definition);
    return fireTimes(points, zones.zone(zone), policy, NOW, count).map(({ at }) => instantText(at));
  };

  it('are read from cron, from calendars and from elapsed time', () => {
    assert.deepEqual(next({ cron: '30 2 * * *' }, 'Europe/Berlin', 1), ['2026-11-25T01:30:00Z']);
    assert.deepEqual(next({ at: '02:30', weekdays: 'sun' }, 'Europe/Berlin', 1), ['2026-11-29T01:30:00Z']);
    assert.deepEqual(next({ at: ['14:30', '02:30'], nth: 'last fri' }, 'UTC', 2), [
      '2026-11-27T02:30:00Z',
      '2026-11-27T14:30:00Z',
    ]);
    for (const every of ['36h', '1d12h', '1.5h2070m'])
      assert.deepEqual(next({ every }, 'UTC', 2), ['2026-11-25T12:00:00Z', '2026-11-27T00:00:00Z']);
    assert.deepEqual(next({ at: '00:00', daysOfMonth: 31, onMissingDate: 'last_day' }, 'UTC', 2), [
      '2026-11-30T00:00:00Z',
      '2026-12-31T00:00:00Z',
    ]);
  });

  for (const [daysOfMonth, cron, expected] of [
    ['30:31', '30-31', ['2027-01-30', '2027-01-31', '2027-02-28', '2027-03-30']],
    ['29:30', '29-30', ['2027-01-29', '2027-01-30', '2027-02-28', '2027-03-29']],
    [[1, '31:31'], '1,31', ['2027-01-31', '2027-02-01', '2027-02-28', '2027-03-01']],
  ] as const)
    it(`take a missing date of ${JSON.stringify(daysOfMonth)} as cron does of ${cron}`, () => {
      const dates = (definition: Readonly<Record<string, unknown>>): string[] => {
        const { points, policy } = readSchedule({ ...definition, onMissingDate: 'last_day' });
        const after = readInstantText('2027-01-15T00:00:00Z');
        return fireTimes(points, zones.zone('UTC'), policy, after, 4).map(({ at }) => instantText(at).slice(0, 10));
      };
      assert.deepEqual(dates({ at: '00:00', daysOfMonth }), expected);
      assert.deepEqual(dates({ cron: `0 0 ${cron} * *` }), expected);
    });

  for (const definition of [
    {},
    { cron: '0 0 * * *', every: '1h' },
    { at: '25:00' },
    { at: '24:00' },
    { at: '01:00', weekdays: 'someday' },
    { every: 'often' },
    { every: '0s' },
    { every: '500ms' },
    { every: '1.5s' },
    { every: '-1h' },
    { cron: '0 0 * * *', onGap: 'guess' },
    { cron: '0 9 * * 1-5', weekdays: 'mon' },
    { cron: '0 9 * * 1-5', months: 'jan' },
    { cron: '0 9 * * 1-5', years: null },
    { every: '36h', months: 'jan' },
    { every: '36h', daysOfMonth: 1 },
    { at: '01:00', weekdays: null },
    { at: '01:00', months: null },
    { at: '01:00', years: [] },
    { at: '01:00', months: [] },
    { at: '01:00', nth: [] },
    { at: [] },
  ])
    it(`refuse ${JSON.stringify(definition)}`, () => {
      assert.throws(() => readSchedule(definition), CalendarError);
    });
});
