/** A schedule as code or `tocsin.yaml` defines it: when it fires, in which zone, and what its events carry. */
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { type PointSchedule, readSchedule } from '../../activities/calendar/read-schedule.ts';
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import type { Zone } from '../../activities/calendar/zone.ts';

export interface ScheduleDefinition {
  /** Stable: part of the id of each of its events. */
  readonly id: string;
  /** IANA zone. */
  readonly zone: string;
  /** Region whose stream takes its events. */
  readonly region: string;
  /** One of: cron expression, local times of day, elapsed time. */
  readonly cron?: string;
  readonly at?: string | readonly string[];
  readonly every?: string;
  readonly weekdays?: unknown;
  readonly daysOfMonth?: unknown;
  readonly nth?: unknown;
  readonly months?: unknown;
  readonly years?: unknown;
  readonly onGap?: string;
  readonly onOverlap?: string;
  readonly onMissingDate?: string;
  /** Spread over this many seconds after each instant. */
  readonly jitterSeconds?: number;
  /** How late an instant may still fire after an outage, seconds. */
  readonly catchUpSeconds: number;
  /** Given along with each event. */
  readonly data?: unknown;
}

export interface ReadyScheduleDefinition {
  readonly definition: ScheduleDefinition;
  readonly points: PointSchedule;
  readonly zone: Zone;
}

/** Throws CalendarError: a definition that cannot be read, a zone that is none, an expression that names another zone. */
export function readyDefinition(definition: ScheduleDefinition, zones: ZoneData): ReadyScheduleDefinition {
  const points = readSchedule({ ...definition });
  if (points.zone !== null && points.zone !== definition.zone)
    throw new CalendarError(
      'bad-schedule',
      `schedule ${definition.id} has zone ${definition.zone} and TZ=${points.zone} in its expression; expected one zone`,
    );
  return { definition, points, zone: zones.zone(definition.zone) };
}

export interface UnreadableSchedule {
  readonly id: string;
  readonly why: string;
}

export interface ReadDefinitions {
  readonly ready: readonly ReadyScheduleDefinition[];
  readonly unreadable: readonly UnreadableSchedule[];
}

/** One that cannot be read, because its zone is gone or its definition is none, does not disturb the others. */
export function readDefinitions(definitions: readonly ScheduleDefinition[], zones: ZoneData): ReadDefinitions {
  const ready: ReadyScheduleDefinition[] = [];
  const unreadable: UnreadableSchedule[] = [];
  for (const definition of definitions) {
    try {
      ready.push(readyDefinition(definition, zones));
    } catch (error) {
      unreadable.push({ id: definition.id, why: calendarProblem(error) });
    }
  }
  return { ready, unreadable };
}

/** Says what the calendar refuses; any other error is thrown again. */
export function calendarProblem(error: unknown): string {
  if (error instanceof CalendarError) return error.message;
  throw error;
}
