/**
 * However often schedules are compiled anew, and whatever the zone data or the zone becomes: no instant to come is lost, and no event comes
 * twice. The schedules and moments are random; each lies near a transition of its zone.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expandCalendars } from '../../../activities/calendar/compile-calendars.ts';
import { type Firing, firingsUntil } from '../../../activities/calendar/fire-times.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import type { Zone } from '../../../activities/calendar/zone.ts';
import { compileSchedule } from '../../../triggers/schedules/compiled-schedule.ts';
import { planSync } from '../../../triggers/schedules/plan-sync.ts';
import { type ReadyScheduleDefinition, readyDefinition } from '../../../triggers/schedules/schedule-definition.ts';
import { nominalOf } from '../../../triggers/schedules/schedule-names.ts';
import type { StoredSchedule } from '../../../triggers/schedules/schedule-server.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const zones = openZoneData();
const [FROM, TO] = [readInstantText('2024-01-01T00:00:00Z'), readInstantText('2030-01-01T00:00:00Z')];
const transitionsOf = (zone: Zone): number[] =>
  zone.periods(FROM, TO).flatMap(({ from }) => (from > FROM ? [from] : []));
const CHANGING = [...zones.ids].map((id) => zones.zone(id)).filter((zone) => transitionsOf(zone).length > 0);
const TRANSITIONS = CHANGING.flatMap((zone) => transitionsOf(zone).map((transition) => ({ zone, transition })));

const minutes = fc
  .subarray(['0', '10', '15', '30', '45', '59'], { minLength: 1, maxLength: 3 })
  .map((all) => all.join());
const hours = fc.constantFrom('*', '0', '1', '2', '3', '0-4', '1,2,3', '*/2', '22-23');
const when = fc.oneof(
  fc.tuple(minutes, hours).map((times) => ({ cron: times.join(' ') })),
  fc.constantFrom('*/15 *', '*/30 0-5').map((cron) => ({ cron })),
  fc
    .subarray(['00:00', '00:30', '01:15', '01:30', '02:00', '02:15', '02:45', '03:15', '23:30'], { minLength: 1 })
    .map((at) => ({ at })),
);
const policy = fc.record({
  onGap: fc.constantFrom('shift', 'first_after_gap', 'skip'),
  onOverlap: fc.constantFrom('first', 'both'),
});
const HOURS_AROUND = 8;
const moment = fc.integer({ min: -HOURS_AROUND * 60, max: HOURS_AROUND * 60 }).map((minute) => minute * 60);

/** Only in the months around, because every compilation writes out 400 days. */
function near(transition: number, times: { readonly cron?: string; readonly at?: readonly string[] }): object {
  const month = Number(instantText(transition).slice(5, 7));
  const around = [month === 1 ? 12 : month - 1, month, month === 12 ? 1 : month + 1];
  return times.cron === undefined ? { ...times, months: around } : { cron: `${times.cron} * ${around.join()} *` };
}

/** `zone` may stand in for newer data of the zone that the definition names. */
const made = (zone: Zone, definition: object): ReadyScheduleDefinition => ({
  ...readyDefinition({ id: 's', zone: zone.id, region: 'eu', catchUpSeconds: 365 * DAY, ...definition }, zones),
  zone,
});
const idOf = ({ nominal, pass }: Pick<Firing, 'nominal' | 'pass'>): string => `${nominal}/${pass}`;
const within = (ready: ReadyScheduleDefinition, from: number, to: number): Firing[] =>
  firingsUntil(ready.points.points, ready.zone, ready.points.policy, from, to);

/** Acts when it is told to; compiled five days before. */
class Server {
  stored: StoredSchedule;
  readonly events: string[] = [];

  constructor(ready: ReadyScheduleDefinition, now: number) {
    const compiled = compileSchedule(ready, now - 5 * DAY, now - 5 * DAY);
    this.stored = { id: 's', ...compiled, paused: null, lastFired: null, next: [] };
  }

  /** Acts on what is due in (from, to]. */
  act(from: number, to: number): void {
    const due = expandCalendars(this.stored.spec.calendars).filter((instant) => instant > from && instant <= to);
    for (const instant of due) this.events.push(idOf(nominalOf(this.stored.names, instant)));
    if (due.length > 0) this.stored = { ...this.stored, lastFired: Math.max(this.stored.lastFired ?? 0, ...due) };
  }

  /** Compiles anew at `now`; what was due and not acted on is gone but for what is filled in. */
  sync(ready: ReadyScheduleDefinition, now: number): void {
    const plan = planSync(ready, this.stored, now);
    if (plan.kind === 'keep') return;
    assert.notEqual(plan.kind, 'create');
    this.stored = { ...this.stored, ...plan.compiled };
    if ('backfill' in plan && plan.backfill !== null) this.act(plan.backfill.from, plan.backfill.to);
  }
}

const noneTwice = (events: readonly string[]): void =>
  assert.deepEqual(
    events.filter((id, index) => events.indexOf(id) !== index),
    [],
    'an event came twice',
  );

describe('schedules that are compiled anew', () => {
  it('lose nothing and repeat nothing at any moment around any transition', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TRANSITIONS),
        when,
        policy,
        fc.array(moment, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 180 }),
        ({ zone, transition }, times, policies, moments, lateMinutes) => {
          const definition = { ...near(transition, times), ...policies };
          const ready = made(zone, definition);
          const begin = transition - HOURS_AROUND * HOUR;
          const server = new Server(ready, begin);
          server.act(begin - 5 * DAY, begin - DAY);
          let done = begin - DAY;
          for (const [index, each] of moments.toSorted((one, other) => one - other).entries()) {
            const now = transition + each;
            // The server may be behind.
            const acted = Math.max(done, now - lateMinutes * 60);
            server.act(done, acted);
            server.sync(made(zone, { ...definition, data: index }), now);
            done = now;
          }
          const end = transition + 3 * DAY;
          server.act(done, end);
          noneTwice(server.events);
          const wanted = within(ready, begin - 5 * DAY, end).map(idOf);
          assert.deepEqual(server.events.toSorted(), wanted.toSorted());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('fire each reading once when the zone data or the zone becomes another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TRANSITIONS),
        fc.constantFrom(...CHANGING),
        when,
        policy,
        moment,
        fc.boolean(),
        fc.boolean(),
        ({ zone, transition }, other, times, policies, each, newData, again) => {
          const now = transition + each;
          const definition = { ...near(transition, times), ...policies };
          const before = made(zone, definition);
          const server = new Server(before, now);
          server.act(now - 5 * DAY, now);
          // What is put before it is over, as a reading that a clock skips.
          const last = server.stored.lastFired ?? server.stored.names.from;
          const moved = made(other, newData ? { ...definition, zone: zone.id } : definition);
          server.sync(moved, now);
          if (again) server.sync(made(other, { ...definition, data: 1 }), now);
          server.act(now, now + 4 * DAY);
          noneTwice(server.events);
          const awaited = new Set(within(before, now, now + 3 * DAY).map(idOf));
          const wanted = [
            ...within(moved, now, now + 4 * DAY),
            ...(newData ? within(moved, last, now).filter((firing) => awaited.has(idOf(firing))) : []),
          ];
          const lost = wanted.filter((firing) => !server.events.includes(idOf(firing)));
          assert.deepEqual(
            lost.map(({ at }) => instantText(at)),
            [],
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
