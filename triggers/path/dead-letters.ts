/**
 * Dead letters: the original bytes of an event that could not be dispatched for a trigger, with the reason beside them. A letter
 * stays until an operator puts it back (redrive) or discards it.
 */
import { parseJson } from '../events/json.ts';
import { Conflict } from '../nats/errors.ts';
import type { EventLog, StoredMessage } from '../nats/port.ts';
import { deadStream, deadSubject, eventStream } from '../nats/subject.ts';
import type { EndedAttempt, Position, SourceAnswer } from './disposition.ts';
import type { DeadLetter, DeadLetters, StoredDeadLetter } from './ports.ts';

/** Headers of a letter; the event's own headers follow behind `tocsin-dead-header-`. */
const PREFIX = 'tocsin-dead-';
const OWN_PREFIX = `${PREFIX}header-`;
/**
 * Headers of an event that was put back: for which trigger, when, where it stood at first, after which run, and, unless an operator did it,
 * why: its window has opened, its source was asked, or a resolve before it came late.
 */
export const REDRIVE = {
  trigger: 'tocsin-redrive-trigger',
  at: 'tocsin-redrive-at',
  of: 'tocsin-redrive-of',
  after: 'tocsin-redrive-after',
  by: 'tocsin-redrive-by',
  asked: 'tocsin-redrive-asked',
} as const;

export type PutBackBy = 'operator' | 'window' | 'source' | 'order';

export interface Redrive {
  readonly trigger: string | null;
  readonly of: Position;
  /** The run that an operator wants one more attempt after; null: none, the event has started nothing. */
  readonly after: EndedAttempt | null;
  readonly by: PutBackBy;
  /** What the source said, of one that was put back for it. */
  readonly asked: SourceAnswer | null;
}

const UNASKED = ['window', 'order'] as const;

/** Null also for a header that is not ours: it comes with the message, and anybody may publish one. */
export function redriveOf({ headers }: Pick<StoredMessage, 'headers'>): Redrive | null {
  const of = jsonHeader(headers[REDRIVE.of]);
  const { stream, sequence, storedAt } = of ?? {};
  if (typeof stream !== 'string' || typeof sequence !== 'number' || typeof storedAt !== 'number') return null;
  const asked = answerOf(jsonHeader(headers[REDRIVE.asked]));
  return {
    trigger: headers[REDRIVE.trigger] ?? null,
    of: { stream, sequence, storedAt },
    after: attemptOf(jsonHeader(headers[REDRIVE.after])),
    by: asked === null ? (UNASKED.find((by) => by === headers[REDRIVE.by]) ?? 'operator') : 'source',
    asked,
  };
}

/** An event's headers but for ours: those of an earlier time that it was put back do not count for the next. */
export const withoutRedrive = (headers: StoredMessage['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.has(name)));

const OURS: ReadonlySet<string> = new Set(Object.values(REDRIVE));

function jsonHeader(text: string | undefined): Readonly<Record<string, unknown>> | null {
  if (text === undefined) return null;
  const parsed = parseJson(Buffer.from(text));
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return null;
  return parsed.value as Record<string, unknown>;
}

function attemptOf(given: Readonly<Record<string, unknown>> | null): EndedAttempt | null {
  const { workflowId, attempt } = given ?? {};
  return typeof workflowId === 'string' && typeof attempt === 'number' && Number.isSafeInteger(attempt)
    ? { workflowId, attempt }
    : null;
}

function answerOf(given: Readonly<Record<string, unknown>> | null): SourceAnswer | null {
  const { says, at, why } = given ?? {};
  if (says !== 'fires' && says !== 'over' && says !== 'unknown') return null;
  return typeof at === 'string' && typeof why === 'string' ? { says, at, why } : null;
}

type Log = Pick<EventLog, 'publish' | 'read' | 'get' | 'remove'>;

export function createDeadLetters(log: Log, region: string, now: () => number = Date.now): DeadLetters {
  const stream = deadStream(region);
  const show = async (id: number): Promise<StoredDeadLetter | null> => {
    const stored = await log.get(stream, id);
    return stored === null ? null : readDeadLetter(stored);
  };
  return {
    bury: async (letter) => {
      const subject = deadSubject(region, letter.original.sequence, letter.trigger);
      try {
        await log.publish(subject, letter.original.data, {
          expectStream: stream,
          expectLastSequence: 0,
          headers: letterHeaders(letter),
        });
      } catch (error) {
        // Buried by an earlier delivery of the same event.
        if (!(error instanceof Conflict)) throw error;
      }
    },
    list: () => letters(log, stream),
    show,
    redrive: async (id) => {
      const letter = await show(id);
      if (letter === null)
        throw new Error(`dead letter ${id} is not in ${stream}: it was redriven, discarded or has expired`);
      if (isRequest(letter))
        throw new Error(`dead letter ${id} is a request that never became an event; send it anew with \`tocsin emit\``);
      const { stream: from, sequence, storedAt, subject } = letter.original;
      // Put back before, and buried again: what counts is still where it stood at first.
      const first = redriveOf(letter)?.of ?? { stream: from, sequence, storedAt };
      await log.publish(subject, letter.data, {
        expectStream: eventStream(region),
        msgId: `redrive:${stream}:${id}`,
        headers: {
          ...withoutRedrive(letter.headers),
          [REDRIVE.at]: String(now()),
          [REDRIVE.of]: JSON.stringify(first),
          // A letter without a trigger is an event that could not be read at all; it is judged anew by every trigger.
          ...(letter.trigger === '' ? {} : { [REDRIVE.trigger]: letter.trigger }),
          [REDRIVE.by]: 'operator',
        },
      });
      await log.remove(stream, id);
    },
    discard: (id) => log.remove(stream, id),
  };
}

/** Kept by the intake for a sender whose queue would repeat it; there is no event to put back. */
export const isRequest = ({ original }: StoredDeadLetter): boolean => original.stream === '';

async function* letters(log: Log, stream: string): AsyncGenerator<StoredDeadLetter> {
  for await (const stored of log.read({ stream })) yield readDeadLetter(stored);
}

/** Kept of an event. Each is longer in its letter, for which its stream has 64 KiB more than that of the events. */
const MAX_HEADERS = 500;

/** What stands beside the bytes of a letter. */
export function letterHeaders({
  trigger,
  reason,
  message,
  original,
  deliveryCount,
  recordedBy,
}: Omit<DeadLetter, 'original'> & { readonly original: Omit<StoredMessage, 'data'> }): Record<string, string> {
  const own = Object.entries(original.headers)
    .filter(([name]) => !name.startsWith('nats-') && !name.startsWith(PREFIX))
    .slice(0, MAX_HEADERS)
    .map(([name, value]) => [`${OWN_PREFIX}${name}`, value] as const);
  return {
    ...Object.fromEntries(own),
    [`${PREFIX}info`]: encodeURIComponent(
      JSON.stringify({
        trigger,
        reason,
        message: message.slice(0, 2_000),
        deliveryCount,
        recordedBy,
        original: {
          stream: original.stream,
          sequence: original.sequence,
          subject: original.subject,
          storedAt: original.storedAt,
        },
      }),
    ),
  };
}

/** A letter as its stream has it. */
export function readDeadLetter(stored: StoredMessage): StoredDeadLetter {
  const info = JSON.parse(decodeURIComponent(stored.headers[`${PREFIX}info`] ?? '%7B%7D')) as Omit<
    StoredDeadLetter,
    'id' | 'storedAt' | 'headers' | 'data'
  >;
  const headers = Object.entries(stored.headers)
    .filter(([name]) => name.startsWith(OWN_PREFIX))
    .map(([name, value]) => [name.slice(OWN_PREFIX.length), value] as const);
  return {
    ...info,
    id: stored.sequence,
    storedAt: stored.storedAt,
    headers: Object.fromEntries(headers),
    data: stored.data,
  };
}
