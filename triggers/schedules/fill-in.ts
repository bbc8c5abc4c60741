/** Publishes the events of instants of the past, whatever the server has of them. May be repeated: each has the id that it had or would have had. */
import { type Firing, firingsUntil } from '../../activities/calendar/fire-times.ts';
import type { EventLog } from '../nats/port.ts';
import { namesOf } from './compiled-schedule.ts';
import { publishSchedule } from './publish-schedule.ts';
import type { ReadyScheduleDefinition } from './schedule-definition.ts';
import type { ScheduleNames } from './schedule-names.ts';

export interface MissedInstants {
  readonly names: ScheduleNames;
  readonly due: readonly Firing[];
}

/** Both ends included, seconds since 1970. Throws CalendarError `too-often` beyond MAX_COMPILED. */
export function missedInstants(ready: ReadyScheduleDefinition, from: number, to: number): MissedInstants {
  const { points, policy } = ready.points;
  const due = firingsUntil(points, ready.zone, policy, from - 1, to);
  return { names: namesOf(ready, due, from - 1, 'everySeconds' in points ? null : to), due };
}

/** Ids of the events, in order. Rejects with the errors of the events log; what was published by then stays. */
export async function fillIn(
  log: Pick<EventLog, 'publish'>,
  { names, due }: MissedInstants,
  recordedAt: string,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const { at } of due) ids.push((await publishSchedule(log, names, at, recordedAt)).id);
  return ids;
}
