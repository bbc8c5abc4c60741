/**
 * A schedule as the server gets it: explicit UTC calendars up to a horizon, and beside them what turns an instant back into the local
 * reading that was meant. Both were made from the same zone data, so that an event keeps its name when the data changes later.
 */
import { DAY } from '../../activities/calendar/civil.ts';
import { compileCalendars } from '../../activities/calendar/compile-calendars.ts';
import { type Firing, firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText, readingText } from '../../activities/calendar/instant-text.ts';
import type { ScheduleFired } from '../events/schedule-fired.ts';
import type { ReadyScheduleDefinition } from './schedule-definition.ts';
import { sha256Of } from '../events/sha256-of.ts';
import { isFired } from './fired-readings.ts';
import { type FiredReadings, NONE_FIRED, type ScheduleNames, type ScheduleSpec, nominalOf } from './schedule-names.ts';

export interface CompiledSchedule {
  readonly spec: ScheduleSpec;
  readonly names: ScheduleNames;
  /** Instants that are left out, because the readings they stand for had their event, seconds since 1970. */
  readonly silent: readonly number[];
}

/** Days ahead that are written out. */
export const HORIZON_DAYS = 400;

/** `from`: instants after it are in, seconds since 1970. `fired`: readings that had their event, wherever they were put then. */
export function compileSchedule(
  ready: ReadyScheduleDefinition,
  from: number,
  now: number,
  fired: FiredReadings = NONE_FIRED,
): CompiledSchedule {
  const { definition, points } = ready;
  const elapsed = 'everySeconds' in points.points ? points.points.everySeconds : null;
  const until = elapsed === null ? now + HORIZON_DAYS * DAY : null;
  const all = until === null ? [] : firingsUntil(points.points, ready.zone, points.policy, from, until);
  const had = isFired(fired);
  const silent = all.filter(had);
  const firings = silent.length === 0 ? all : all.filter((firing) => !had(firing));
  return {
    spec: {
      calendars: compileCalendars(firings.map(({ at }) => at)),
      everySeconds: elapsed,
      catchUpSeconds: definition.catchUpSeconds,
    },
    names: { ...namesOf(ready, firings, from, until), firedReadings: fired },
    silent: silent.map(({ at }) => at),
  };
}

/** For the instants of `firings`, all of them after `from` and up to `until`. */
export function namesOf(
  ready: ReadyScheduleDefinition,
  firings: readonly Firing[],
  from: number,
  until: number | null,
): ScheduleNames {
  const { definition, zone } = ready;
  return {
    schedule: definition.id,
    zone: definition.zone,
    region: definition.region,
    tzdb: zone.tzdb,
    jitterSeconds: definition.jitterSeconds ?? 0,
    definition: sha256Of(JSON.stringify(definition)).slice(0, 16),
    from,
    until,
    offsets: until === null ? [] : offsetsOf(ready, from, until),
    exceptions: until === null ? [] : firings.flatMap((firing) => exceptionOf(firing, zone.periodAt(firing.at).offset)),
    ...(definition.data === undefined ? {} : { data: definition.data }),
  };
}

const offsetsOf = ({ zone }: ReadyScheduleDefinition, from: number, until: number): [number, number][] =>
  zone.periods(from, until + 1).map((period) => [Math.max(period.from, from), period.offset]);

const exceptionOf = ({ at, nominal, pass }: Firing, offset: number): [number, number, 1 | 2][] =>
  nominal === at + offset && pass === 1 ? [] : [[at, nominal, pass]];

/** What the event of this instant says. */
export function firedAt(names: ScheduleNames, due: number): ScheduleFired {
  const { nominal, pass } = nominalOf(names, due);
  return {
    schedule: names.schedule,
    nominal: readingText(nominal),
    zone: names.zone,
    due: instantText(due),
    pass,
    tzdb: names.tzdb,
    ...(names.data === undefined ? {} : { data: names.data }),
  };
}
