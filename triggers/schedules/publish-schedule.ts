/** Stores the event of one instant. Its id is the schedule and its nominal local time, so that whatever fires twice is one event. */
import type { CloudEvent } from '../events/cloud-event.ts';
import { type ScheduleFired, scheduleFired } from '../events/schedule-fired.ts';
import type { EventLog } from '../nats/port.ts';
import { publishEvent } from '../path/publish-event.ts';
import { firedAt } from './compiled-schedule.ts';
import type { ScheduleNames } from './schedule-names.ts';

function scheduleEvent(fired: ScheduleFired, recordedAt: string): CloudEvent {
  const pass = fired.pass === 1 ? '' : '/2';
  return {
    specversion: '1.0',
    id: `schedule/${fired.schedule}/${fired.nominal}${pass}`,
    source: `tocsin:/schedules/${fired.schedule}`,
    type: scheduleFired.type,
    subject: fired.schedule,
    time: fired.due,
    datacontenttype: 'application/json',
    recordedtime: recordedAt,
    data: fired,
  };
}

/** May run twice: both copies have one id. Rejects with what the log rejects with; all of it may be retried. */
export async function publishSchedule(
  log: Pick<EventLog, 'publish'>,
  names: ScheduleNames,
  due: number,
  recordedAt: string,
): Promise<{ readonly id: string; readonly sequence: number }> {
  const event = scheduleEvent(firedAt(names, due), recordedAt);
  const ack = await publishEvent(log, names.region, 'schedule', event);
  return { id: event.id, sequence: ack.sequence };
}
