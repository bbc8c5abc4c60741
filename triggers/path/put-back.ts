/**
 * Puts a stored event back for one trigger, under the operator's time: it is not judged as late, and the book says whether there is still
 * something to do. Doing so twice starts nothing twice: the second one joins the run of the first (R3).
 */
import type { EventLog } from '../nats/port.ts';
import { REDRIVE, redriveOf } from './dead-letters.ts';
import type { EndedAttempt, Position } from './disposition.ts';
import { positionOf } from './event-record.ts';

export interface HeldEvent {
  readonly position: Position;
  readonly trigger: string;
  /** Its run has ended undone: one more attempt is wanted, unless there is one already. */
  readonly after?: EndedAttempt;
}

/** False when the event has expired meanwhile. */
export async function putBack(
  log: Pick<EventLog, 'get' | 'publish'>,
  { position, trigger, after }: HeldEvent,
  now: number,
): Promise<boolean> {
  const message = await log.get(position.stream, position.sequence);
  // A stream that was made anew counts from one again.
  if (message === null || message.storedAt !== position.storedAt) return false;
  const own = Object.entries(message.headers).filter(([name]) => !name.startsWith('nats-'));
  await log.publish(message.subject, message.data, {
    expectStream: position.stream,
    msgId: `put-back:${position.stream}:${position.sequence}:${trigger}${after === undefined ? '' : `:${after.attempt}`}`,
    headers: {
      ...Object.fromEntries(own),
      [REDRIVE.at]: String(now),
      [REDRIVE.of]: JSON.stringify(redriveOf(message)?.of ?? positionOf(message)),
      [REDRIVE.trigger]: trigger,
      ...(after === undefined ? {} : { [REDRIVE.after]: JSON.stringify(after) }),
    },
  });
  return true;
}
