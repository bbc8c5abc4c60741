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
