/** One trigger for every instant of a schedule, one for alerts that acts at any hour, and one that acts within a window only. */
import type { Trigger } from '../../../../triggers/define-trigger.ts';
import type { EventOf } from '../../../../triggers/events/cloud-event.ts';
import { type ScheduleFired, scheduleFired } from '../../../../triggers/events/schedule-fired.ts';
import { restartServiceTrigger } from '../../../../triggers/restart-service.ts';
import type { ScheduleDefinition } from '../../../../triggers/schedules/schedule-definition.ts';

export const triggers: readonly Trigger[] = [
  {
    id: 'note-instants',
    on: scheduleFired,
    run: 'noteInstant',
    input: ({ data: { schedule, nominal } }: EventOf<ScheduleFired>) => ({ schedule, nominal }) as never,
  },
  restartServiceTrigger,
  { ...restartServiceTrigger, id: 'restart-in-window', during: 'always' },
];

/** Fires as TIMED_CRON says; without it on one day of four years. */
export const schedules: readonly ScheduleDefinition[] = [
  {
    id: 'in-code',
    zone: 'Asia/Kathmandu',
    region: 'eu',
    cron: process.env['TIMED_CRON'] ?? '0 0 29 2 *',
    catchUpSeconds: 3_600,
    data: { from: 'code' },
  },
];
