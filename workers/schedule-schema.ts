/** Schedules in `tocsin.yaml`: their form. When they fire is read by the calendar, which names what is wrong with it. */
import { Type } from 'typebox';

const Condition = Type.Optional(Type.Unknown());
const Word = Type.Optional(Type.String());

export const ScheduleSchema = Type.Object(
  {
    /** Part of the id of its events; keep it stable. */
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,59}$' }),
    zone: Type.String(),
    /** Whose stream takes its events; default: the first region. */
    region: Type.Optional(Type.String()),
    /** One of these three. */
    cron: Word,
    at: Condition,
    every: Word,
    weekdays: Condition,
    daysOfMonth: Condition,
    nth: Condition,
    months: Condition,
    years: Condition,
    onGap: Word,
    onOverlap: Word,
    onMissingDate: Word,
    jitter: Type.Optional(Type.String({ pattern: '^\\d{1,5} ?(s|m|h)$' })),
    /** How late an instant may still fire after an outage. */
    catchUp: Type.String({ pattern: '^[1-9]\\d{0,4} ?(s|m|h|d)$', default: '365d' }),
    data: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);
