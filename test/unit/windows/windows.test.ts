/** Named windows: where they are open, what closes them, and that every doubt is closed and says why. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openZoneData, zoneDataSource } from '../../../activities/calendar/zone-data.ts';
import { readFreeze, readHolidayList } from '../../../activities/windows/holiday-list.ts';
import { createWindows } from '../../../activities/windows/windows.ts';
import type { WindowUse } from '../../../workflows/kit/window-use.ts';

const data = openZoneData();
const ZONES: Readonly<Record<string, string>> = {
  eu: 'Europe/Berlin',
  us: 'America/New_York',
  au: 'Australia/Sydney',
  bc: 'America/Vancouver',
  lost: 'Europe/Atlantis',
};
const list = (dates: string[], coversUntil: string) => () => readHolidayList({ dates, coversUntil });
const windows = createWindows(
  {
    windows: {
      night: { times: ['22:00-04:00'], weekdays: 'mon-fri' },
      small: { times: ['00:00-05:00'] },
      fixed: { start: '01:00', end: '02:00', zone: 'Asia/Tokyo' },
      quiet: { start: '22:00', end: '04:00', exclude: ['holidays:de', 'freezes'] },
      strict: { start: '22:00', end: '04:00', exclude: 'holidays:de', strict: true },
      ended: { start: '01:00', end: '02:00', exclude: ['holidays:old'] },
      endedAlways: { times: ['00:00-24:00'], exclude: ['holidays:old'] },
      unlisted: { start: '01:00', end: '02:00', exclude: ['holidays:nowhere'] },
      broken: { start: '01:00', end: '02:00', exclude: ['holidays:gone'] },
      never: { daysOfMonth: 30, months: 'feb' },
      bad: { start: '25:00', end: '26:00' },
      text: 'fri 22:00-04:00',
      alert: {
        alertmanager: [
          { times: [{ start_time: '09:00', end_time: '17:00' }], location: 'Europe/Berlin' },
          { times: [{ start_time: '20:00', end_time: '21:00' }] },
        ],
      },
      apart: [
        { start: '01:00', end: '05:00', holidays: ['2026-11-28'] },
        { start: '06:00', end: '07:00', holidays: ['2026-12-25'] },
      ],
      frozenApart: {
        any: [
          { start: '01:00', end: '05:00', freezes: [{ from: '2026-11-28T00:00:00Z', to: '2026-11-29T00:00:00Z' }] },
          '06:00-07:00',
        ],
        exclude: ['holidays:de'],
      },
      dropped: { any: ['01:00-05:00'], weekdays: ['mon'] },
      halfStrict: [{ start: '22:00', end: '04:00', holidays: ['2026-11-28'], strict: 'true' }],
      everywhere: { times: ['00:00-05:00'], over: 'all', regions: ['eu', 'lost'] },
    },
    holidays: {
      de: list(['2026-12-25'], '2027-12-31'),
      old: list([], '2026-11-01'),
      gone: () => {
        throw new Error('holidays:gone: no such file');
      },
    },
    freezes: [readFreeze({ from: '2026-12-01T00:00:00Z', to: '2026-12-02T00:00:00Z', why: 'year-end' })],
  },
  () => data,
  (region) => ZONES[region],
);

const instant = (text: string): number => Date.parse(text);
const iso = (ms: number | null): string | null => (ms === null ? null : `${new Date(ms).toISOString().slice(0, 16)}Z`);
const ask = (use: WindowUse, where: string, at: string, needMs = 0) => {
  const { open, opensAt, closesAt, why, doubt } = windows.at(use, where, instant(at), needMs);
  return { open, opensAt: iso(opensAt), closesAt: iso(closesAt), why, doubt };
};
const all = (window: string, ...regions: string[]): WindowUse => ({ window, over: 'all', regions });
const any = (window: string, ...regions: string[]): WindowUse => ({ window, over: 'any', regions });

describe('a named window', () => {
  const ROWS: readonly (readonly [
    use: WindowUse,
    where: string,
    at: string,
    open: boolean,
    next: string | null,
    words: RegExp,
    why: string,
  ])[] = [
    [
      'night',
      'eu',
      '2026-11-23T22:00:00Z',
      true,
      '2026-11-24T03:00Z',
      /until 2026-11-24T04:00:00\+01:00\[Europe\/Berlin\]/,
      'in the zone of the region',
    ],
    [
      'night',
      'us',
      '2026-11-23T22:00:00Z',
      false,
      '2026-11-24T03:00Z',
      /outside its hours; opens 2026-11-23T22:00:00-05:00/,
      'the same instant elsewhere',
    ],
    [
      'night',
      'America/Vancouver',
      '2026-11-24T07:00:00Z',
      true,
      '2026-11-24T11:00Z',
      /-07:00\[America\/Vancouver\]/,
      'a zone instead of a region, by data newer than that of Node 20',
    ],
    ['night', 'eu', '2026-11-28T02:00:00Z', true, '2026-11-28T03:00Z', /open/, 'Saturday morning belongs to Friday'],
    [
      'night',
      'eu',
      '2026-11-28T22:00:00Z',
      false,
      '2026-11-30T21:00Z',
      /opens 2026-11-30/,
      'Saturday evening does not',
    ],
    ['text', 'eu', '2026-11-28T02:00:00Z', true, '2026-11-28T03:00Z', /open/, 'written as a text'],
    [
      'fixed',
      'eu',
      '2026-11-24T16:30:00Z',
      true,
      '2026-11-24T17:00Z',
      /Asia\/Tokyo/,
      'its own zone comes before that of the region',
    ],
    ['alert', 'us', '2026-11-24T08:30:00Z', true, '2026-11-24T16:00Z', /open/, 'Alertmanager: by its location'],
    [
      'alert',
      'us',
      '2026-11-24T20:30:00Z',
      true,
      '2026-11-24T21:00Z',
      /open/,
      'Alertmanager: UTC without one, whatever the region',
    ],
    [
      'quiet',
      'eu',
      '2026-12-25T21:30:00Z',
      false,
      '2026-12-26T21:00Z',
      /holidays:de has 2026-12-25; opens 2026-12-26/,
      'nothing opens on a holiday',
    ],
    [
      'quiet',
      'eu',
      '2026-12-25T01:00:00Z',
      true,
      '2026-12-25T03:00Z',
      /open/,
      'what opened the evening before stays open',
    ],
    [
      'strict',
      'eu',
      '2026-12-25T01:00:00Z',
      false,
      '2026-12-26T21:00Z',
      /holidays:de has 2026-12-25/,
      'unless it is strict',
    ],
    [
      'quiet',
      'eu',
      '2026-12-01T22:00:00Z',
      false,
      '2026-12-02T00:00Z',
      /frozen until 2026-12-02T00:00:00Z \(year-end\)/,
      'a freeze, with its reason',
    ],
    ['strict', 'eu', '2026-12-01T22:00:00Z', true, '2026-12-02T03:00Z', /open/, 'that is not excluded'],
    [
      all('night', 'eu', 'us'),
      'eu',
      '2026-11-24T00:00:00Z',
      false,
      '2027-03-16T02:00Z',
      /opens 2027-03-16T03:00:00\+01:00/,
      'all: these two meet only in the weeks between their changes of the clock',
    ],
    [
      all('small', 'us', 'au'),
      'us',
      '2026-11-24T06:00:00Z',
      false,
      null,
      /does not open within 400 days/,
      'all: these never meet',
    ],
    [
      any('small', 'us', 'au'),
      'us',
      '2026-11-23T14:00:00Z',
      true,
      '2026-11-23T18:00Z',
      /open/,
      'any: it is night in Sydney',
    ],
    [
      any('small', 'lost', 'eu'),
      'eu',
      '2026-11-24T01:00:00Z',
      true,
      '2026-11-24T04:00Z',
      /open/,
      'any: the one that is known is open',
    ],
    [
      { window: 'small', over: 'each', regions: ['eu'] },
      'eu',
      '2026-11-24T01:00:00Z',
      true,
      '2026-11-24T04:00Z',
      /open/,
      'each: decides for itself',
    ],
    [
      'apart',
      'eu',
      '2026-11-28T02:00:00Z',
      false,
      '2026-11-28T05:00Z',
      /holidays:\(its own\) has 2026-11-28; opens 2026-11-28T06:00/,
      'an entry keeps its own holidays, whatever the others have',
    ],
    ['apart', 'eu', '2026-12-25T05:30:00Z', false, '2026-12-26T00:00Z', /has 2026-12-25/, 'each its own'],
    [
      'frozenApart',
      'eu',
      '2026-11-28T02:00:00Z',
      false,
      '2026-11-28T05:00Z',
      /frozen until 2026-11-29T00:00:00Z; opens/,
      'and its own freezes',
    ],
    [
      'frozenApart',
      'eu',
      '2026-12-25T05:30:00Z',
      false,
      '2026-12-26T00:00Z',
      /holidays:de has/,
      'lists close all of them',
    ],
    ['never', 'eu', '2026-11-24T01:00:00Z', false, null, /does not open within 400 days/, '30 February'],
  ];
  for (const [use, where, at, open, next, words, why] of ROWS)
    it(`${JSON.stringify(use)} in ${where} at ${at}: ${why}`, () => {
      const answer = ask(use, where, at);
      assert.equal(answer.open, open, answer.why);
      if (!words.source.includes('400 days')) assert.equal(open ? answer.closesAt : answer.opensAt, next, answer.why);
      assert.match(answer.why, words);
      assert.equal(answer.doubt, false);
    });

  it('counts a stretch that is too short as closed', () => {
    const hour = 3_600_000;
    assert.equal(ask('night', 'eu', '2026-11-24T01:00:00Z', 2 * hour).open, true);
    const late = ask('night', 'eu', '2026-11-24T01:01:00Z', 2 * hour);
    assert.deepEqual([late.open, late.opensAt], [false, '2026-11-24T21:00Z']);
    assert.match(late.why, /open until .*, and 120 min are needed; opens 2026-11-24T22:00:00\+01:00/);
    const never = ask('fixed', 'eu', '2026-11-24T00:00:00Z', 2 * hour);
    assert.deepEqual([never.opensAt, never.doubt], [null, false]);
    assert.match(never.why, /does not open within 400 days for 120 min/);
  });
});

describe('in doubt a window', () => {
  const ROWS: readonly (readonly [use: WindowUse, where: string, words: RegExp])[] = [
    ['ended', 'eu', /holidays:old speaks only until 2026-11-01/],
    ['endedAlways', 'eu', /holidays:old speaks only until 2026-11-01/],
    ['unlisted', 'eu', /holidays:nowhere is not configured; there are: de, old, gone/],
    ['broken', 'eu', /holidays:gone: no such file/],
    ['small', 'lost', /"Europe\/Atlantis" is no zone of tzdb/],
    ['small', 'mars', /region "mars" has none either/],
    ['nothing', 'eu', /window "nothing" is not configured; there are: night/],
    ['bad', 'eu', /"25:00" is no time of day/],
    ['dropped', 'eu', /\/weekdays: unknown/],
    ['halfStrict', 'eu', /\/0\/strict: "true" is neither true nor false/],
    [{ window: 'small', over: 'most', regions: ['eu'] } as never, 'eu', /\/over: "most"; expected all, any or each/],
    [{ window: 'small' } as never, 'eu', /\/over: missing/],
    [{ window: 'small', over: 'all', regions: ['eu'], region: 'us' } as never, 'eu', /\/region: unknown/],
    ['everywhere', 'eu', /Europe\/Atlantis/],
    [any('small', 'lost', 'mars'), 'eu', /Atlantis.*mars/],
    [{ window: 'small', over: 'each', regions: ['us'] }, 'eu', /it is for the regions us, and this is eu/],
  ];
  for (const [use, where, words] of ROWS)
    it(`is closed: ${JSON.stringify(use)} in ${where}`, () => {
      const answer = ask(use, where, '2026-11-24T00:30:00Z');
      assert.deepEqual([answer.open, answer.opensAt, answer.doubt], [false, null, true]);
      assert.match(answer.why, words);
    });

  it('is closed while the zone data is missing or cut off, and opens by itself when it is back', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tocsin-zones-'));
    try {
      const source = '/usr/share/zoneinfo/Europe/Berlin';
      const copy = (): void => cpSync(source, join(dir, 'Europe', 'Berlin'), { dereference: true });
      copy();
      const zones = zoneDataSource({ env: { TZDIR: dir } });
      const here = createWindows({ windows: { day: { times: ['00:00-24:00'] } } }, zones, () => 'Europe/Berlin');
      const look = () => here.at('day', 'eu', instant('2026-11-24T00:30:00Z'));
      assert.equal(look().open, true);
      rmSync(join(dir, 'Europe'), { recursive: true });
      assert.deepEqual([look().open, look().doubt], [false, true]);
      assert.match(look().why, /holds no zones/);
      copy();
      truncateSync(join(dir, 'Europe', 'Berlin'), 100);
      assert.deepEqual([look().open, look().doubt], [false, true]);
      assert.match(look().why, /zone Europe\/Berlin cannot be read/);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('never throws and never opens, whatever name it is asked for', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.double(), fc.double({ min: 0 }), (use, where, at, need) => {
        assert.equal(windows.at(use, where, at, need).open, false);
      }),
    );
  });
});
