/** What a schedule publishes when one of its points in time has come. A trigger listens for it with `match: { schedule: '<id>' }`. */
import { Type, type Static } from 'typebox';
import { eventType } from './event-type.ts';

const Fired = Type.Object({
  schedule: Type.String(),
  /** The local reading that was meant, `2026-11-22T02:30:00`; for elapsed time the instant without its `Z`. */
  nominal: Type.String(),
  zone: Type.String(),
  /** When it was due, RFC 3339 in UTC. */
  due: Type.String(),
  /** 2 for the second pass of an hour that occurs twice. */
  pass: Type.Integer({ minimum: 1, maximum: 2 }),
  /** Release of the zone data it was computed with. */
  tzdb: Type.String(),
  /** What the definition gives along. */
  data: Type.Optional(Type.Unknown()),
});

export type ScheduleFired = Static<typeof Fired>;

export const scheduleFired = eventType('tocsin.event.schedule.fired', Fired);
