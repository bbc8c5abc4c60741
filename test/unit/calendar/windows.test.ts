/** Windows against a scan of every minute, what cannot be read, and how stretches combine. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CalendarError } from '../../../activities/calendar/calendar-error.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { openingAt } from '../../../activities/calendar/next-opening.ts';
import { readAlertmanagerInterval } from '../../../activities/calendar/read-alertmanager-interval.ts';
import { readWindow } from '../../../activities/calendar/read-window.ts';
import { type Span, intersection, union, without } from '../../../activities/calendar/spans.ts';
import { openSpans } from '../../../activities/calendar/window.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { SCANNED, scan, windowsInWeek } from '../../support/window-scan.ts';

const zones = openZoneData();
const anyWithin = (depth: number): unknown => (depth === 0 ? '01:00-02:00' : { any: [anyWithin(depth - 1)] });
const DAY = 86_400;
/** What has been open for longer is not asked for its beginning. */
const LOOKED_BACK = 403 * DAY;
const at = readInstantText;

describe('windows', () => {
  it('are what a scan of every minute says', () => {
    fc.assert(
      fc.property(windowsInWeek, ({ windows, zone: id, from }) => {
        const [zone, to] = [zones.zone(id), from + SCANNED];
        assert.deepEqual(openSpans(windows, zone, from, to), scan(windows, zone, from, to));
      }),
      { numRuns: 300 },
    );
  });

  it('give the same next opening and close as their stretches', () => {
    fc.assert(
      fc.property(windowsInWeek, fc.nat(5 * 1_440), ({ windows, zone: id, from: begin }, offset) => {
        const zone = zones.zone(id);
        const now = begin + offset * 60;
        const edge = now - LOOKED_BACK;
        const spans = openSpans(windows, zone, edge, now + 399 * DAY);
        const span = spans.find(({ to }) => to > now);
        const { open, opensAt, closesAt } = openingAt((from, to) => openSpans(windows, zone, from, to), now);
        assert.equal(open, span !== undefined && span.from <= now);
        if (span === undefined || span.to === now + 399 * DAY) return;
        assert.deepEqual([opensAt, closesAt], [span.from === edge ? null : span.from, span.to]);
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

  it('keep to what their own entry excludes, whatever stands in the others', () => {
    const utc = zones.zone('UTC');
    const open = (definition: unknown, instant: string): boolean =>
      openingAt((from, to) => openSpans(readWindow(definition), utc, from, to), at(instant)).open;
    const [night, morning] = [
      { start: '01:00', end: '05:00' },
      { start: '06:00', end: '07:00' },
    ];
    const freezes = [{ from: '2026-11-28T00:00:00Z', to: '2026-11-29T00:00:00Z' }];
    const [inNight, inMorning] = ['2026-11-28T03:00:00Z', '2026-11-28T06:30:00Z'];
    for (const [first, second] of [
      [{ holidays: ['2026-11-28'] }, { holidays: ['2026-12-25'] }],
      [{ freezes }, { freezes: [] }],
      [{ coversUntil: '2026-11-27' }, { coversUntil: '2027-12-31' }],
      [{ holidays: [{ date: '2026-11-28', name: 'Mourning', source: 'gazette' }] }, {}],
    ] as const)
      for (const list of [
        [
          { ...night, ...first },
          { ...morning, ...second },
        ],
        [
          { ...morning, ...second },
          { ...night, ...first },
        ],
      ])
        for (const definition of [list, { any: list }, [{ any: list }]]) {
          assert.equal(open(definition, inNight), false, JSON.stringify(definition));
          assert.equal(open(definition, inMorning), true, JSON.stringify(definition));
        }
    const both = { any: [night, { ...morning, holidays: ['2026-12-25'] }], holidays: ['2026-11-28'] };
    assert.deepEqual(
      [inNight, inMorning].map((instant) => open(both, instant)),
      [false, false],
    );
    assert.equal(open(both, '2026-12-25T03:00:00Z'), true);
    const late = { start: '22:00', end: '04:00', holidays: ['2026-11-28'] };
    assert.equal(open({ any: [late] }, inNight), true);
    assert.equal(open({ any: [late], strict: true }, inNight), false);
    assert.equal(open(both, '2026-12-25T06:30:00Z'), false);
  });

  it('take ranges of days with a dash of any length, a colon or a word, as between times', () => {
    const days = (text: string) => readWindow(text)[0]?.rules[0];
    for (const text of ['mon-fri', 'mon–fri', 'mon to fri', 'mon - fri', 'mon:fri', 'Mon TO Fri', 'mon..fri'])
      for (const times of ['01:00-02:00', '01:00 – 02:00', '01:00 to 02:00', '01:00 TO 02:00'])
        assert.deepEqual(days(`${text} ${times}`), {
          start: 60,
          end: 120,
          days: { weekdays: new Set([1, 2, 3, 4, 5]) },
        });
    assert.deepEqual(days('fri to sun, tue 01:00-02:00')?.days, { weekdays: new Set([5, 6, 0, 2]) });
    assert.deepEqual(readWindow({ weekdays: 'mon–fri' })[0]?.rules[0]?.days, days('mon-fri 01:00-02:00')?.days);
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
    ['a day beside any', { any: ['01:00-05:00'], weekdays: ['mon'] }, '/weekdays'],
    ['a typing error beside any', { any: ['01:00-05:00'], holiday: ['2026-12-25'] }, '/holiday'],
    ['a typing error within any', { any: [{ start: '01:00', end: '05:00', freeze: [] }] }, '/any/0/freeze'],
    ['an empty any', { any: [] }, '/any: no window'],
    ['any without end', anyWithin(20), 'any within any'],
    [
      'a day in one of its times',
      { times: [{ start: '01:00', end: '05:00', weekdays: ['mon'] }] },
      '/times/0/weekdays',
    ],
    ['two spellings of one condition', { days: ['mon'], weekdays: ['tue'] }, '/weekdays: says weekdays again'],
    ['two spellings of one time', { times: [{ start: '01:00', end: '05:00', from: '02:00' }] }, '/times/0/from'],
    ['strict as text', { strict: 'true' }, '/strict: "true" is neither true nor false'],
    ['strict as a number', [{ holidays: ['2026-12-25'], strict: 1 }], '/0/strict'],
    ['a condition without value', { weekdays: null }, '/weekdays: says nothing'],
    ['times without value', { times: null }, '/times: says nothing'],
    ['holidays without value', { start: '01:00', end: '05:00', holidays: null }, '/holidays: says nothing'],
    ['an unknown key of a holiday', { holidays: [{ date: '2026-12-25', nmae: 'x' }] }, '/holidays/0/nmae'],
    ['an unknown key of a freeze', { freezes: [{ form: '2026-01-02T00:00:00Z' }] }, '/freezes/0/form'],
    ['two ends of a list', { coversUntil: ['2026-12-25', '2027-12-25'] }, '/coversUntil'],
    ['a bad one among good ones', ['01:00-02:00', 'fri 22:00'], '/1'],
  ] as const)
    it(`refuse ${name}`, () => {
      assert.throws(
        () => readWindow(definition),
        (error) => error instanceof CalendarError && error.code === 'bad-window' && error.message.includes(place),
      );
    });

  for (const [name, definition] of [
    ['a weekday cut short', { weekdays: ['mon:fri'] }],
    ['a dash between weekdays', { weekdays: ['monday-friday'] }],
    ['a word between weekdays', { weekdays: ['monday to friday'] }],
    ['blanks in a range', { weekdays: ['monday: friday'] }],
    ['a weekday by number', { weekdays: [1] }],
    ['a month cut short', { months: ['jan'] }],
    ['what is no list', { months: 'january' }],
    ['days that end from the begin', { days_of_month: ['-31:15'] }],
    ['an unknown key of a time', { times: [{ start_time: '01:00', end_time: '02:00', weekdays: ['monday'] }] }],
    ['a condition beside its intervals', { time_intervals: [{ months: ['1'] }], months: ['2'] }],
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

  it('of Alertmanager match nothing by an empty list, as there', () => {
    for (const field of ['times', 'weekdays', 'days_of_month', 'months', 'years']) {
      const { window } = readAlertmanagerInterval({ [field]: [] });
      assert.deepEqual(
        openSpans([window], zones.zone('UTC'), at('2026-01-01T00:00:00Z'), at('2027-01-01T00:00:00Z')),
        [],
      );
    }
    assert.deepEqual(readAlertmanagerInterval({ name: 'never', time_intervals: [] }).window.rules, []);
  });

  it('of Alertmanager take names in any case, whole numbers, and a range to the last day of any month', () => {
    const { window } = readAlertmanagerInterval({
      weekdays: ['Monday:FRIDAY'],
      days_of_month: [1, '-31:31'],
      months: ['May:june', 7],
      years: [2026],
    });
    const days = window.rules[0]?.days;
    assert.deepEqual(days?.weekdays, new Set([1, 2, 3, 4, 5]));
    assert.deepEqual(days?.daysOfMonth, [
      { from: 1, to: 1 },
      { from: -31, to: 31 },
    ]);
    assert.deepEqual(days?.months, [
      { from: 5, to: 6 },
      { from: 7, to: 7 },
    ]);
    assert.deepEqual(days?.years, [{ from: 2026, to: 2026 }]);
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
