/** What a schedule needs, from what is stored and what is defined; without a server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expandCalendars } from '../../../activities/calendar/compile-calendars.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { type Zone, createZone } from '../../../activities/calendar/zone.ts';
import { compileSchedule, firedAt } from '../../../triggers/schedules/compiled-schedule.ts';
import { planSync } from '../../../triggers/schedules/plan-sync.ts';
import {
  type ReadyScheduleDefinition,
  type ScheduleDefinition,
  readyDefinition,
} from '../../../triggers/schedules/schedule-definition.ts';
import type { StoredSchedule } from '../../../triggers/schedules/schedule-server.ts';

const zones = openZoneData();
const DAY = 86_400;
const at = readInstantText;
const NOW = at('2026-11-25T12:00:00Z');

const ready = (change: Partial<ScheduleDefinition> = {}, zone?: Zone): ReadyScheduleDefinition => {
  const definition = {
    id: 'nightly',
    zone: 'America/New_York',
    region: 'eu',
    cron: '30 2 * * *',
    catchUpSeconds: 30 * DAY,
    ...change,
  };
  const made = readyDefinition(definition, zones);
  return zone === undefined ? made : { ...made, zone };
};
const stored = (definition: ReadyScheduleDefinition, compiledAt: number, lastFired: number | null): StoredSchedule => ({
  id: 'nightly',
  ...compileSchedule(definition, compiledAt, compiledAt),
  paused: null,
  lastFired,
  next: [],
});

describe('plan of a schedule', () => {
  it('creates what is missing and keeps what is the same', () => {
    const plan = planSync(ready(), null, NOW);
    assert.equal(plan.kind, 'create');
    assert.deepEqual(planSync(ready(), stored(ready(), NOW - DAY, at('2026-11-25T07:30:00Z')), NOW), { kind: 'keep' });
  });

  it('appends when the calendars have become short, and changes no instant', () => {
    const before = stored(ready(), NOW - 31 * DAY, at('2026-11-25T07:30:00Z'));
    const plan = planSync(ready(), before, NOW);
    assert.ok(plan.kind === 'append');
    const ahead = (calendars: StoredSchedule['spec']['calendars']): number[] =>
      expandCalendars(calendars).filter((instant) => instant > NOW);
    const [old, longer] = [ahead(before.spec.calendars), ahead(plan.compiled.spec.calendars)];
    assert.deepEqual(longer.slice(0, old.length), old);
    assert.ok(longer.length > old.length);
    assert.equal(plan.backfill, null);
  });

  it('takes the readings of newer data for instants that stay where they are', () => {
    const quarters = { zone: 'Asia/Tel_Aviv', cron: '*/15 * * 10,11 *' };
    const now = at('2027-10-30T23:00:00Z');
    const plan = planSync(
      ready(quarters, zones.zone('Europe/Nicosia')),
      stored(ready(quarters), now - 5 * DAY, now),
      now,
    );
    assert.ok(plan.kind === 'change');
    assert.equal(firedAt(plan.compiled.names, at('2027-10-31T00:30:00Z')).nominal, '2027-10-31T03:30:00');
  });

  it('fills in what was due and has not fired, and only what is still wanted', () => {
    const before = stored(ready(), NOW - 10 * DAY, at('2026-11-23T07:30:00Z'));
    const same = planSync(ready({ data: 1 }), before, NOW);
    assert.ok(same.kind === 'change');
    assert.deepEqual(
      [same.backfill?.from, same.backfill?.to].map((instant) => instantText(instant ?? 0)),
      ['2026-11-24T07:29:59Z', '2026-11-25T07:30:00Z'],
    );
    const other = planSync(ready({ cron: '0 5 * * *' }), before, NOW);
    assert.ok(other.kind === 'change' && other.backfill === null);
    const late = planSync(ready({ data: 1, catchUpSeconds: 3_600 }), before, NOW);
    assert.ok(late.kind === 'change' && late.backfill === null);
    const paused = planSync(ready({ data: 1 }), { ...before, paused: 'freeze' }, NOW);
    assert.ok(paused.kind === 'change' && paused.backfill === null);
  });

  it('does not let an instant that has fired fire again when the zone data moves it, however often it is compiled', () => {
    const zone = (offset: number, tzdb: string): Zone =>
      createZone('America/New_York', tzdb, { first: offset, transitions: [], rule: '', knownUntil: Infinity });
    const old = ready({}, zone(-4 * 3_600, '2026a'));
    const fired = at('2026-11-25T06:30:00Z');
    const before = stored(old, NOW - 10 * DAY, fired);
    assert.equal(firedAt(before.names, fired).nominal, '2026-11-25T02:30:00');
    const moved = ready({}, zone(-5 * 3_600, '2026b'));
    let current = before;
    for (const now of [fired + 60, fired + 120, fired + 180]) {
      const plan = planSync(moved, current, now);
      if (plan.kind !== 'keep') {
        assert.ok(plan.kind === 'change');
        current = { ...current, ...plan.compiled };
      }
      const [next] = expandCalendars(current.spec.calendars).filter((instant) => instant > now);
      assert.equal(instantText(next ?? 0), '2026-11-26T07:30:00Z');
    }
  });

  const OVERLAP = ['2026-10-20T00:00:00Z', '2026-11-01T05:50:00Z', '2026-11-01T07:30:00Z'] as const;
  const GAP = ['2027-03-01T00:00:00Z', '2027-03-14T07:20:00Z', '2027-03-15T07:00:00Z'] as const;
  for (const [when, [compiled, now, until], fired, expected] of [
    [{ cron: '*/30 * * * *' }, OVERLAP, '2026-11-01T05:30:00Z', ['06:00', '06:30', '07:00', '07:30']],
    [
      { cron: '*/15 * * * *' },
      OVERLAP,
      '2026-11-01T05:45:00Z',
      ['06:00', '06:15', '06:30', '06:45', '07:00', '07:15', '07:30'],
    ],
    [{ cron: '0 * * * *' }, OVERLAP, '2026-11-01T05:00:00Z', ['06:00', '07:00']],
    [{ cron: '0,30 1 * * *' }, OVERLAP, '2026-11-01T05:30:00Z', ['06:00', '06:30']],
    [{ at: ['02:45', '03:15'] }, GAP, '2027-03-14T07:15:00Z', ['07:45', '06:45']],
  ] as const)
    it(`keeps what is to come when ${JSON.stringify(when)} is compiled anew where clocks change`, () => {
      const given = { id: 'nightly', zone: 'America/New_York', region: 'eu', catchUpSeconds: 30 * DAY };
      const definition = readyDefinition({ ...given, ...when, onOverlap: 'both' }, zones);
      const before = stored(definition, at(compiled), at(fired));
      assert.deepEqual(planSync(definition, before, at(now)), { kind: 'keep' });
      const changed = readyDefinition({ ...definition.definition, data: 1 }, zones);
      const plan = planSync(changed, before, at(now));
      assert.ok(plan.kind === 'change');
      assert.equal(plan.why, 'the definition changed');
      const ahead = expandCalendars(plan.compiled.spec.calendars).filter(
        (instant) => instant > at(now) && instant <= at(until),
      );
      assert.deepEqual(
        ahead.map((instant) => instantText(instant).slice(11, 16)),
        expected,
      );
    });

  it('says which instants of a zone further west will not fire, because the same local times had their event', () => {
    const hourly = { cron: '0 * * * *' };
    const before = stored(ready({ ...hourly, zone: 'Asia/Tokyo' }), NOW - 5 * DAY, at('2026-11-25T09:00:00Z'));
    const plan = planSync(ready({ ...hourly, zone: 'America/Los_Angeles' }), before, at('2026-11-25T09:10:00Z'));
    assert.ok(plan.kind === 'change');
    assert.equal(
      plan.why,
      'the definition changed; 17 instants until 2026-11-26T02:00:00Z will not fire: these local times had their event',
    );
    const [next] = expandCalendars(plan.compiled.spec.calendars);
    assert.equal(instantText(next ?? 0), '2026-11-26T03:00:00Z');
  });

  it('does not blame the zone data for instants that somebody else has changed', () => {
    const before = stored(ready(), NOW - DAY, at('2026-11-25T07:30:00Z'));
    const spec = { ...before.spec, calendars: before.spec.calendars.slice(1) };
    const plan = planSync(ready(), { ...before, spec }, NOW);
    assert.ok(plan.kind === 'change');
    assert.equal(plan.why, `the instants on the server are not those of the calendar, both by tzdb ${zones.tzdb}`);
  });

  it('fills in what newer zone data puts into the past before it has fired', () => {
    const zone = (offset: number, tzdb: string): Zone =>
      createZone('America/New_York', tzdb, { first: offset, transitions: [], rule: '', knownUntil: Infinity });
    const before = stored(ready({}, zone(-5 * 3_600, '2026a')), NOW - 10 * DAY, at('2026-11-24T07:30:00Z'));
    const plan = planSync(ready({}, zone(-4 * 3_600, '2026b')), before, at('2026-11-25T07:00:00Z'));
    assert.ok(plan.kind === 'change');
    assert.equal(plan.why, 'tzdb 2026b moves instants that 2026a had put elsewhere');
    assert.deepEqual(
      [plan.backfill?.from, plan.backfill?.to].map((instant) => instantText(instant ?? 0)),
      ['2026-11-25T06:29:59Z', '2026-11-25T06:30:00Z'],
    );
  });

  it('names the reading that was meant, in gaps and in both passes of an overlap', () => {
    const both = ready({ cron: '30 1,2 * * *', onOverlap: 'both' });
    const { names } = compileSchedule(both, at('2026-10-30T00:00:00Z'), at('2026-10-30T00:00:00Z'));
    const of = (instant: string): [string, number] => {
      const { nominal, pass } = firedAt(names, at(instant));
      return [nominal, pass];
    };
    assert.deepEqual(of('2026-11-01T05:30:00Z'), ['2026-11-01T01:30:00', 1]);
    assert.deepEqual(of('2026-11-01T06:30:00Z'), ['2026-11-01T01:30:00', 2]);
    assert.deepEqual(of('2027-03-14T07:30:00Z'), ['2027-03-14T02:30:00', 1]);
    assert.deepEqual(of('2027-03-15T06:30:00Z'), ['2027-03-15T02:30:00', 1]);
  });
});
