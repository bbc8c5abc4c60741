/** Windows against a scan of every minute, what cannot be read, and how stretches combine. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CalendarError } from '../../../activities/calendar/calendar-error.ts';
import { civilFromDays, daysInMonth, weekdayOf } from '../../../activities/calendar/civil.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { openingAt } from '../../../activities/calendar/next-opening.ts';
import { readAlertmanagerInterval } from '../../../activities/calendar/read-alertmanager-interval.ts';
import { readWindow } from '../../../activities/calendar/read-window.ts';
import { type Span, intersection, union, without } from '../../../activities/calendar/spans.ts';
import { type Window, openSpans } from '../../../activities/calendar/window.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import type { Zone } from '../../../activities/calendar/zone.ts';

const zones = openZoneData();
const DAY = 86_400;
const at = readInstantText;

/** The definition of membership, minute by minute and with nothing in common with the code but the calendar. */
function scan(window: Window, zone: Zone, from: number, to: number): Span[] {
  const open: Span[] = [];
  for (let instant = from; instant < to; instant += 60) {
    const reading = instant + zone.periodAt(instant).offset;
    const [today, minute] = [Math.floor(reading / DAY), Math.floor(reading / 60) % 1_440];
    const inside = window.rules.some(({ start, end, days }) => {
      const opensOn = (day: number): boolean => {
        const { year, month, day: date } = civilFromDays(day);
        const length = daysInMonth(year, month);
        return (
          window.holidays?.has(day) !== true &&
          (days.weekdays?.has(weekdayOf(day)) ?? true) &&
          (days.months?.some((range) => month >= range.from && month <= range.to) ?? true) &&
          (days.daysOfMonth?.some((range) => {
            const low = range.from < 0 ? length + 1 + range.from : range.from;
            const high = range.to < 0 ? length + 1 + range.to : range.to;
            return date >= low && date <= high;
          }) ??
            true)
        );
      };
      if (end > start) return opensOn(today) && minute >= start && minute < end;
      return (opensOn(today) && minute >= start) || (opensOn(today - 1) && minute < end);
    });
    if (inside) open.push({ from: instant, to: instant + 60 });
  }
  return union(open);
}

const minute = fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15);
const windows = fc.record({
  rules: fc.array(
    fc.record({
      start: minute,
      end: minute,
      days: fc.record(
        {
          weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }).map((days) => new Set(days)),
          daysOfMonth: fc.constantFrom([{ from: 25, to: 31 }], [{ from: -7, to: -1 }], [{ from: 1, to: 1 }]),
        },
        { requiredKeys: [] },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
/** Weeks in which clocks change, by more and by less than an hour, at midnight too. */
const WEEKS = [
  ['America/New_York', '2026-03-06T00:00:00Z'],
  ['America/New_York', '2026-10-30T00:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-03T00:00:00Z'],
  ['Antarctica/Troll', '2026-03-27T00:00:00Z'],
  ['Africa/Cairo', '2026-10-28T00:00:00Z'],
  ['America/Santiago', '2026-09-04T00:00:00Z'],
  ['Pacific/Apia', '2011-12-28T00:00:00Z'],
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z'],
  ['Europe/London', '2026-10-23T00:00:00Z'],
] as const;

describe('windows', () => {
  it('are what a scan of every minute says', () => {
    fc.assert(
      fc.property(windows, fc.constantFrom(...WEEKS), (window, [id, begin]) => {
        const zone = zones.zone(id);
        const [from, to] = [at(begin), at(begin) + 5 * DAY];
        assert.deepEqual(openSpans(window, zone, from, to), scan(window, zone, from, to));
      }),
      { numRuns: 150 },
    );
  });

  it('give the same next opening and close as their stretches', () => {
    fc.assert(
      fc.property(windows, fc.constantFrom(...WEEKS), fc.nat(5 * 1_440), (window, [id, begin], offset) => {
        const zone = zones.zone(id);
        const now = at(begin) + offset * 60;
        const spans = openSpans(window, zone, now - 40 * DAY, now + 399 * DAY);
        const span = spans.find(({ to }) => to > now);
        const { open, opensAt, closesAt } = openingAt((from, to) => openSpans(window, zone, from, to), now);
        assert.equal(open, span !== undefined && span.from <= now);
        if (span === undefined || span.to === now + 399 * DAY) return;
        assert.deepEqual([opensAt, closesAt], [span.from, span.to]);
      }),
      { numRuns: 150 },
    );
  });

  it('belong to the date on which they open', () => {
    const berlin = zones.zone('Europe/Berlin');
    const open = (definition: unknown, instant: string): boolean =>
      openingAt((from, to) => openSpans(readWindow(definition), berlin, from, to), at(instant)).open;
    assert.equal(open('fri 22:00-04:00', '2026-11-28T01:00:00Z'), true, 'Saturday 02:00');
    assert.equal(open('fri 22:00-04:00', '2026-11-27T01:00:00Z'), false, 'Friday 02:00');
    assert.equal(open({ times: '22:00-04:00', nth: 'last fri' }, '2026-11-28T01:00:00Z'), true);
    assert.equal(open({ times: '22:00-04:00', nth: 'first fri' }, '2026-11-28T01:00:00Z'), false);
    assert.equal(open({ times: '22:00-04:00', holidays: ['2026-11-27'] }, '2026-11-28T01:00:00Z'), false);
    assert.equal(open({ times: '22:00-04:00', holidays: ['2026-11-28'] }, '2026-11-28T01:00:00Z'), true);
    assert.equal(open({ times: '22:00-04:00', holidays: ['2026-11-28'], strict: true }, '2026-11-28T01:00:00Z'), false);
    assert.equal(open({ times: '22:00-04:00', coversUntil: '2026-11-26' }, '2026-11-28T01:00:00Z'), false);
    const freezes = [{ from: '2026-11-28T00:30:00Z', to: '2026-11-28T02:00:00Z' }];
    assert.equal(open({ times: '22:00-04:00', freezes }, '2026-11-28T01:00:00Z'), false);
    assert.equal(open({ times: '22:00-04:00', freezes }, '2026-11-28T02:00:00Z'), true);
  });

  it('say when they never open or never close', () => {
    const utc = zones.zone('UTC');
    const look = (definition: unknown) =>
      openingAt((from, to) => openSpans(readWindow(definition), utc, from, to), at('2026-11-28T01:00:00Z'));
    assert.deepEqual(look({}), { open: true, opensAt: null, closesAt: null });
    assert.deepEqual(look({ daysOfMonth: 30, months: 'feb' }), { open: false, opensAt: null, closesAt: null });
    const { opensAt, closesAt } = look({ months: 'nov' });
    assert.deepEqual(
      [opensAt, closesAt].map((instant) => instantText(instant ?? 0)),
      ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    );
  });

  for (const [name, definition, place] of [
    ['no window', [], '/'],
    ['a number', 5, 'no window'],
    ['an hour too many', { start: '25:00', end: '26:00' }, '/start'],
    ['minutes too many', '22:00-22:75', '/end'],
    ['only a start', { start: '22:00' }, '/end'],
    ['an opening at 24:00', { start: '24:00', end: '02:00' }, '/start'],
    ['both forms of times', { times: ['01:00-02:00'], start: '01:00', end: '02:00' }, 'one of them'],
    ['no times at all', { times: [] }, '/times'],
    ['an unknown weekday', { weekdays: ['mon', 'someday'] }, '/weekdays/1'],
    ['no weekday', { weekdays: [] }, '/weekdays'],
    ['day 0', { daysOfMonth: [0] }, '/daysOfMonth/0'],
    ['day 32', { daysOfMonth: 32 }, '/daysOfMonth/0'],
    ['days backwards', { daysOfMonth: '7:1' }, '/daysOfMonth/0'],
    ['month 13', { months: [13] }, '/months/0'],
    ['months backwards', { months: 'nov-feb' }, '/months/0'],
    ['the sixth Monday', { nth: 'sixth mon' }, '/nth/0'],
    ['a typing error', { weekday: 'mon' }, '/weekday'],
    ['a name that every object has', { toString: 'mon' }, '/toString'],
    ['30 February', { holidays: ['2026-02-30'] }, '/holidays/0'],
    ['a freeze backwards', { freezes: [{ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }] }, '/freezes/0'],
    ['a freeze without offset', { freezes: [{ from: '2026-01-02T00:00:00', to: '2026-01-03T00:00:00Z' }] }, '/from'],
    ['a bad one among good ones', ['01:00-02:00', 'fri 22:00'], '/1'],
  ] as const)
    it(`refuse ${name}`, () => {
      assert.throws(
        () => readWindow(definition),
        (error) => error instanceof CalendarError && error.code === 'bad-window' && error.message.includes(place),
      );
    });

  for (const [name, definition] of [
    ['times over midnight', { times: [{ start_time: '22:00', end_time: '04:00' }] }],
    ['an unknown field', { weekday: ['monday'] }],
    ['a location that is no text', { location: 5 }],
    ['months backwards', { months: ['november:february'] }],
    ['days that run backwards counted from the end', { days_of_month: ['10:-25'] }],
    ['days that begin after their end in some months', { days_of_month: ['-10:15'] }],
  ] as const)
    it(`of Alertmanager refuse ${name}`, () => {
      assert.throws(() => readAlertmanagerInterval(definition), CalendarError);
    });

  it('of Alertmanager take weekdays over the end of the week', () => {
    const { window } = readAlertmanagerInterval({ weekdays: ['wednesday', 'saturday:monday'] });
    assert.deepEqual(window.rules, [{ start: 0, end: 1_440, days: { weekdays: new Set([3, 6, 0, 1]) } }]);
  });

  it('of Alertmanager take what is null for what is not there, and a range up to the end of each month', () => {
    const nothing = { times: null, weekdays: null, days_of_month: ['1:-1'], months: null, years: null, location: null };
    const { window, zone } = readAlertmanagerInterval(nothing);
    assert.equal(zone, null);
    assert.deepEqual(window.rules, [{ start: 0, end: 1_440, days: { daysOfMonth: [{ from: 1, to: -1 }] } }]);
  });
});

const spans = fc
  .array(fc.tuple(fc.nat(200), fc.nat(40)))
  .map((pairs) => union(pairs.map(([from, length]) => ({ from, to: from + length }))));
const has = (list: readonly Span[], point: number): boolean => list.some(({ from, to }) => point >= from && point < to);
const POINTS = Array.from({ length: 250 }, (_, index) => index);

describe('stretches of time', () => {
  it('combine as sets of instants do, and stay in order and apart', () => {
    fc.assert(
      fc.property(spans, spans, (one, other) => {
        for (const [name, result, rule] of [
          ['union', union([...one, ...other]), (point: number) => has(one, point) || has(other, point)],
          ['intersection', intersection(one, other), (point: number) => has(one, point) && has(other, point)],
          ['without', without(one, other), (point: number) => has(one, point) && !has(other, point)],
        ] as const) {
          for (const point of POINTS) assert.equal(has(result, point), rule(point), `${name} at ${point}`);
          assert.ok(
            result.every(({ from, to }, index) => from < to && (index === 0 || from > (result[index - 1]?.to ?? 0))),
          );
        }
      }),
    );
  });
});
