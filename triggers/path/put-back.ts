/**
 * Puts a stored event back for one trigger, under the time of now: it is not judged as late, and the book says whether there is still
 * something to do. Doing so twice starts nothing twice: the second one joins the run of the first (R3).
 */
import type { EventLog } from '../nats/port.ts';
import { type PutBackBy, REDRIVE, redriveOf, withoutRedrive } from './dead-letters.ts';
import type { EndedAttempt, Position, SourceAnswer } from './disposition.ts';
import { positionOf } from './event-record.ts';

export interface HeldEvent {
  readonly position: Position;
  readonly trigger: string;
  /** Its run has ended undone: one more attempt is wanted, unless there is one already. */
  readonly after?: EndedAttempt;
  /** Default: an operator. */
  readonly by?: Exclude<PutBackBy, 'source'>;
  /** What its source said, when it is put back for that. */
  readonly asked?: SourceAnswer;
}

/** False when the event has expired meanwhile. */
export async function putBack(log: Pick<EventLog, 'get' | 'publish'>, held: HeldEvent, now: number): Promise<boolean> {
  const { position, trigger, after, by = 'operator', asked } = held;
  const message = await log.get(position.stream, position.sequence);
  // A stream that was made anew counts from one again.
  if (message === null || message.storedAt !== position.storedAt) return false;
  const own = Object.entries(withoutRedrive(message.headers)).filter(([name]) => !name.startsWith('nats-'));
  // An operator may let go at once what its source could not settle, and want an attempt after each run that ended undone.
  const why = `${after === undefined ? '' : `:${after.attempt}`}${asked === undefined ? '' : ':asked'}`;
  await log.publish(message.subject, message.data, {
    expectStream: position.stream,
    msgId: `put-back:${position.stream}:${position.sequence}:${trigger}${why}`,
    headers: {
      ...Object.fromEntries(own),
      [REDRIVE.at]: String(now),
      [REDRIVE.of]: JSON.stringify(redriveOf(message)?.of ?? positionOf(message)),
      [REDRIVE.trigger]: trigger,
      ...(after === undefined ? {} : { [REDRIVE.after]: JSON.stringify(after) }),
      [REDRIVE.by]: by,
      ...(asked === undefined ? {} : { [REDRIVE.asked]: headerText(asked) }),
    },
  });
  return true;
}

/** A header has one line of ASCII; a server's own words may have more. */
const headerText = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
