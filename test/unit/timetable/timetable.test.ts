/** When a rollout's targets are treated, against an independent calendar; and what is told of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Temporal } from 'temporal-polyfill';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import type { TargetRule } from '../../../activities/target-rule.ts';
import { conflictsOf } from '../../../workers/timetable/conflicts.ts';
import type { TimetableReport } from '../../../workers/timetable/report.ts';
import { timetableText } from '../../../workers/timetable/timetable-text.ts';
import { limitDefinition } from '../../support/limit-definition.ts';
import { regionIn, reportOn } from '../../support/rollout-report.ts';

const MINUTE = 60;
const minutes = (count: number): number => count * MINUTE * 1_000;

/** Minutes since midnight on the wall. */
function wallMinutes(instant: number, zone: string): number {
  const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(instant * 1_000).toZonedDateTimeISO(zone);
  return hour * 60 + minute;
}

/** The first minute from which the wall shows hours of the window for as long as it takes. */
function firstFit(zone: string, from: number, need: number, isOpen: (reading: number) => boolean): number {
  for (let begin = from, at = from; ; at += MINUTE) {
    if (!isOpen(wallMinutes(at, zone))) begin = at + MINUTE;
    else if (at + MINUTE - begin >= need) return begin;
  }
}

const overnight = (reading: number): boolean => reading >= 23 * 60 || reading < 5 * 60;
const early = (reading: number): boolean => reading >= 90 && reading < 150;

const WEEKENDS: readonly (readonly [why: string, at: string, zones: readonly string[]])[] = [
  ['clocks go back in the north', '2026-10-24T12:00:00Z', ['Europe/Berlin', 'Europe/London', 'Asia/Tokyo']],
  ['clocks go forward in the north', '2027-03-27T12:00:00Z', ['Europe/Berlin', 'Europe/London', 'America/New_York']],
  ['clocks go back in America', '2026-10-31T20:00:00Z', ['America/New_York', 'America/Los_Angeles']],
  ['clocks go forward in America', '2027-03-13T20:00:00Z', ['America/New_York', 'America/Los_Angeles']],
  [
    'clocks go forward in the south',
    '2026-10-03T06:00:00Z',
    ['Australia/Sydney', 'Australia/Lord_Howe', 'Asia/Kolkata'],
  ],
  ['clocks go back in the south', '2027-04-03T06:00:00Z', ['Australia/Sydney', 'Pacific/Auckland', 'Asia/Kolkata']],
];

describe('a timetable', () => {
  for (const [why, at, zones] of WEEKENDS)
    for (const [night, isOpen] of [
      ['23:00-05:00', overnight],
      ['01:30-02:30', early],
    ] as const)
      it(`begins at the first minute of ${night} with room enough: ${why}`, () => {
        const { timetable } = reportOn({ zones, night, at });
        assert.equal(timetable.waves.length, zones.length);
        for (const wave of timetable.waves) {
          const zone = zones.find((each) => regionIn(each) === wave.name) ?? '';
          const expected = firstFit(zone, wave.turnAt ?? 0, timetable.needSeconds, isOpen);
          assert.deepEqual(
            wave.targets.map(({ beginsAt }) => instantText(beginsAt ?? 0)),
            [instantText(expected)],
            wave.name,
          );
          assert.equal(wave.endsAt, expected + timetable.needSeconds);
        }
      });

  it('lets so many act at once, soaks, and then it is the turn of the next wave', () => {
    const { timetable } = reportOn({
      zones: ['Europe/Berlin', 'Europe/London'],
      each: 5,
      night: '22:00-02:00',
      at: '2026-07-01T12:00:00Z',
      rollout: { canary: 1, parallel: 2, soakMs: minutes(60) },
    });
    assert.deepEqual(
      timetable.waves.map(({ name, turnAt, beginsAt, endsAt }) => [name, ...[turnAt, beginsAt, endsAt].map(clock)]),
      [
        ['canary', '12:00', '20:00', '20:30'],
        // Four, two at once.
        ['berlin', '21:30', '21:30', '22:30'],
        // Two and two until one o'clock; the fifth still fits.
        ['london', '23:30', '23:30', '01:00'],
      ],
    );
    assert.equal(instantText(timetable.endsAt ?? 0), '2026-07-02T02:00:00Z');
  });

  it('carries over to the next night what does not fit into this one', () => {
    const { timetable } = reportOn({
      zones: ['Europe/Berlin'],
      each: 3,
      night: '22:00-23:15',
      at: '2026-07-01T12:00:00Z',
      rollout: { parallel: 1 },
    });
    assert.deepEqual(
      timetable.waves[0]?.targets.map(({ beginsAt }) => instantText(beginsAt ?? 0)),
      ['2026-07-01T20:00:00Z', '2026-07-01T20:30:00Z', '2026-07-02T20:00:00Z'],
    );
  });

  it('waits for the end of a freeze, and tells it', () => {
    const from = readInstantText('2026-07-01T00:00:00Z');
    const report = reportOn({
      zones: ['Europe/Berlin'],
      night: { times: ['22:00-02:00'], exclude: ['freezes'] },
      at: '2026-07-01T12:00:00Z',
      freezes: [{ from, to: from + 3 * 86_400, why: 'sale' }],
    });
    // The freeze ends at 02:00 local time, with the window of that night.
    assert.equal(instantText(report.timetable.waves[0]?.beginsAt ?? 0), '2026-07-04T20:00:00Z');
    assert.match(
      timetableText(report),
      /berlin: no opening 2026-07-01T22:00.* to .*: frozen until 2026-07-04T00:00:00Z \(sale\)/,
    );
  });

  it('tells on which days clocks change', () => {
    const report = reportOn({ zones: ['Europe/Berlin'], night: '01:00-04:00', at: '2027-03-27T12:00:00Z' });
    assert.deepEqual(problemsOf(report), []);
    assert.match(
      timetableText({ ...report }),
      /berlin {2}1 {8}Sun 2027-03-28 01:00-01:30 \+01:00 {2}2027-03-28T00:00Z-00:30Z/,
    );
    const later = reportOn({ zones: ['Europe/Berlin'], night: '03:00-04:00', at: '2027-03-27T12:00:00Z' });
    assert.match(
      timetableText(later),
      /2027-03-28 clocks go forward 02:00 to 03:00 \(\+01:00 to \+02:00\) in Europe\/Berlin; the opening of that day lasts 1 h/,
    );
  });
});

describe('what a timetable finds', () => {
  it('a list of holidays that is out of date: the wave can never run, nor what comes after it', () => {
    const report = reportOn({
      zones: ['Europe/Berlin', 'Europe/London'],
      night: { times: ['22:00-02:00'], exclude: ['holidays:de'] },
      holidays: { de: () => ({ dates: new Set(), coversUntil: readInstantText('2026-06-01T00:00:00Z') / 86_400 }) },
      at: '2026-07-01T12:00:00Z',
    });
    assert.equal(report.timetable.endsAt, null);
    const [first, second] = problemsOf(report);
    assert.match(first ?? '', /wave berlin: target web-1 can never begin: .*holidays:de speaks only until 2026-06-01/);
    assert.match(second ?? '', /wave london: not reached: wave berlin cannot run/);
  });

  it('windows that never meet', () => {
    const report = reportOn({
      zones: ['Asia/Tokyo', 'America/New_York', 'Asia/Seoul'],
      night: '01:00-05:00',
      at: '2026-07-01T12:00:00Z',
      rollout: { window: { window: 'night', over: 'all', regions: ['tokyo', 'seoul', 'new-york'] } },
    });
    assert.match(problemsOf(report).join('\n'), /tokyo, seoul, new-york at once; these never meet: tokyo and new-york/);
  });

  it('a window that is shorter than what is to be done in it', () => {
    const report = reportOn({ zones: ['Europe/Berlin'], night: '22:00-22:20', at: '2026-07-01T12:00:00Z' });
    assert.match(
      problemsOf(report).join('\n'),
      /window night in berlin: its longest opening within 400 days is 20 min, and 30 min are needed/,
    );
  });

  it('a wave that takes longer than it may', () => {
    const report = reportOn({
      zones: ['Europe/Berlin'],
      night: { times: ['22:00-23:00'], weekdays: 'sun' },
      each: 5,
      at: '2026-07-01T12:00:00Z',
      rollout: { parallel: 1 },
    });
    assert.match(problemsOf(report).join('\n'), /wave berlin: it takes longer than a wave may \(168 h/);
  });

  it('no target at all', () => {
    const report = reportOn({ zones: [], night: '22:00-23:00', at: '2026-07-01T12:00:00Z' });
    assert.deepEqual(report.timetable.waves, []);
    assert.match(problemsOf(report).join('\n'), /no target is meant/);
    assert.match(timetableText(report), /nothing would be done/);
  });

  it('targets that it may not act upon, whoever starts it and whichever runbook acts', () => {
    const asked = { zones: ['Europe/Berlin', 'Asia/Tokyo'], night: '22:00-02:00', at: '2026-07-01T12:00:00Z' };
    const found = (rules: readonly TargetRule[]): string[] => problemsOf(reportOn({ ...asked, rules }));
    const targets = { region: 'tokyo' };
    for (const [rule, whose] of [
      [{ runbook: 'patchFleet', targets }, 'runbook patchFleet'],
      [{ runbook: 'patchWave', targets }, 'runbook patchWave'],
      [{ trigger: 'patch-fleet', targets }, 'trigger patch-fleet'],
      [{ runbook: 'patchWave', trigger: 'patch-fleet', targets }, 'runbook patchWave of trigger patch-fleet'],
      [{ targets }, 'any runbook'],
    ] as const)
      assert.deepEqual(found([rule]), [
        `a run would be refused: berlin/web-1 is outside of what ${whose} may act upon: region=tokyo`,
      ]);
    assert.deepEqual(found([{ runbook: 'restartService', targets }]), []);
    assert.deepEqual(found([{ trigger: 'restart-service', targets }]), []);
    const many = reportOn({ ...asked, each: 12, rules: [{ targets: { region: 'mars' } }] });
    assert.match(problemsOf(many)[0] ?? '', /berlin\/web-1, .* and 14 more are outside of what any runbook/);
  });

  it('limits that let fewer act, that another runbook takes, or that are not there', () => {
    const report = reportOn({
      zones: ['Europe/Berlin'],
      night: '22:00-02:00',
      at: '2026-07-01T12:00:00Z',
      rollout: { parallel: 3 },
      limits: [
        limitDefinition('one', { scope: 'fleet', slots: 1 }),
        limitDefinition('each', { scope: 'service', slots: 1 }),
        limitDefinition('own', { scope: 'service', slots: 1 }),
        limitDefinition('racks', { scope: 'label:rack', slots: '10%' }),
      ],
      taken: new Map([
        ['patchFleet', ['own']],
        ['patchWave', ['one', 'each', 'own', 'racks', 'gone']],
        ['restartService', ['each', 'one']],
        ['drainNode', ['racks']],
      ]),
    });
    assert.deepEqual(
      report.findings.filter(({ kind }) => kind === 'limit').map(({ problem, text }) => [problem, text]),
      [
        [
          false,
          'limit one (1 at once in the whole fleet): 3 targets at once are told, and fewer may act; taken by restartService as well, so that each may wait for the other',
        ],
        [
          false,
          'limit each (1 at once per service): taken by restartService as well, so that each may wait for the other',
        ],
        [
          false,
          'limit racks (10% at once per label rack): taken by drainNode as well, so that each may wait for the other',
        ],
        [true, 'limit gone of runbook patchWave is not configured: the step that takes it would fail'],
      ],
    );
  });

  it('two rollouts that want the same targets at once', () => {
    const asked = { zones: ['Europe/Berlin', 'Asia/Tokyo'], each: 5, night: '22:00-02:00', at: '2026-07-01T12:00:00Z' };
    const [one, other, later] = [
      reportOn(asked),
      reportOn({ ...asked, runbook: 'rebootFleet' }),
      reportOn({ ...asked, runbook: 'scanFleet', at: '2026-07-02T12:00:00Z' }),
    ].map(({ timetable }) => timetable);
    assert.ok(one !== undefined && other !== undefined && later !== undefined);
    const found = conflictsOf([one, other]).map(({ text }) => text);
    assert.equal(found.length, 2);
    assert.match(
      found[0] ?? '',
      /wave \w+ of patchFleet and wave \w+ of rebootFleet want \w+\/web-1, \w+\/web-2, \w+\/web-3 and 2 more at once/,
    );
    assert.deepEqual(conflictsOf([one, later]), []);
    assert.deepEqual(conflictsOf([one]), []);
  });
});

const clock = (instant: number | null): string => instantText(instant ?? 0).slice(11, 16);

const problemsOf = ({ findings }: TimetableReport): string[] =>
  findings.filter(({ problem }) => problem).map(({ text }) => text);
