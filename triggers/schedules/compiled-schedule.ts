/**
 * A schedule as the server gets it: explicit UTC calendars up to a horizon, and beside them what turns an instant back into the local
 * reading that was meant. Both were made from the same zone data, so that an event keeps its name when the data changes later.
 */
import { DAY } from '../../activities/calendar/civil.ts';
import { type UtcCalendar, compileCalendars } from '../../activities/calendar/compile-calendars.ts';
import { type Firing, firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText, readingText } from '../../activities/calendar/instant-text.ts';
import type { ScheduleFired } from '../events/schedule-fired.ts';
import type { ReadyScheduleDefinition } from './schedule-definition.ts';
import { sha256Of } from '../events/sha256-of.ts';

/** What the server is told about the instants. */
export interface ScheduleSpec {
  readonly calendars: readonly UtcCalendar[];
  /** Elapsed time, counted from 1970; null with calendars. */
  readonly everySeconds: number | null;
  readonly catchUpSeconds: number;
}

/** What each start carries along. */
export interface ScheduleNames {
  readonly schedule: string;
  readonly zone: string;
  readonly region: string;
  readonly tzdb: string;
  /** The event is published up to this much after its instant, always the same for one instant. */
  readonly jitterSeconds: number;
  /** Changes with the definition. */
  readonly definition: string;
  /** After and up to when the calendars go, seconds since 1970; `until` is null for elapsed time. */
  readonly from: number;
  readonly until: number | null;
  /** Nominal reading of the last instant that had fired by then, seconds; null: none had. */
  readonly fired: number | null;
  /** Offsets from UTC, each from an instant on, both in seconds. */
  readonly offsets: readonly (readonly [number, number])[];
  /** Where the reading is not the instant plus the offset: instant, nominal reading, pass. */
  readonly exceptions: readonly (readonly [number, number, 1 | 2])[];
  readonly data?: unknown;
}

export interface CompiledSchedule {
  readonly spec: ScheduleSpec;
  readonly names: ScheduleNames;
}

/** Days ahead that are written out. */
export const HORIZON_DAYS = 400;

/**
 * `from`: instants after it are in, seconds since 1970. `fired`: readings up to this one have had their event, even if newer zone data puts
 * them at another instant.
 */
export function compileSchedule(
  ready: ReadyScheduleDefinition,
  from: number,
  now: number,
  fired: number | null,
): CompiledSchedule {
  const { definition, points, zone } = ready;
  const elapsed = 'everySeconds' in points.points ? points.points.everySeconds : null;
  const until = elapsed === null ? now + HORIZON_DAYS * DAY : null;
  const firings =
    until === null
      ? []
      : firingsUntil(points.points, zone, points.policy, from, until).filter(
          ({ nominal, pass }) => fired === null || nominal > fired || (nominal === fired && pass === 2),
        );
  return {
    spec: {
      calendars: compileCalendars(firings.map(({ at }) => at)),
      everySeconds: elapsed,
      catchUpSeconds: definition.catchUpSeconds,
    },
    names: {
      schedule: definition.id,
      zone: definition.zone,
      region: definition.region,
      tzdb: zone.tzdb,
      jitterSeconds: definition.jitterSeconds ?? 0,
      definition: sha256Of(JSON.stringify(definition)).slice(0, 16),
      from,
      until,
      fired,
      offsets: elapsed === null ? offsetsOf(ready, from, until ?? now) : [],
      exceptions: firings.flatMap((firing) => exceptionOf(firing, zone.periodAt(firing.at).offset)),
      ...(definition.data === undefined ? {} : { data: definition.data }),
    },
  };
}

const offsetsOf = ({ zone }: ReadyScheduleDefinition, from: number, until: number): [number, number][] =>
  zone.periods(from, until + 1).map((period) => [Math.max(period.from, from), period.offset]);

const exceptionOf = ({ at, nominal, pass }: Firing, offset: number): [number, number, 1 | 2][] =>
  nominal === at + offset && pass === 1 ? [] : [[at, nominal, pass]];

/** What the event of this instant says. */
export function firedAt(names: ScheduleNames, due: number): ScheduleFired {
  const [nominal, pass] = nominalOf(names, due);
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

/** The reading that an instant of these calendars stands for, seconds, and its pass. */
export function nominalOf(names: ScheduleNames, due: number): readonly [number, 1 | 2] {
  const exception = names.exceptions.find(([at]) => at === due);
  const offset = names.offsets.findLast(([from]) => from <= due)?.[1] ?? 0;
  return exception === undefined ? [due + offset, 1] : [exception[1], exception[2]];
}
