/**
 * A stream as it grows, for somebody who watches: an ordered consumer, which the client makes anew after the server was away, where this
 * identity may make one; else one message after the other, asked for again and again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DeliverPolicy, type JetStreamClient, type JetStreamManager } from 'nats';
import { LogUnavailable } from './errors.ts';
import { type Find, fromDelivered } from './stored-message.ts';
import { guard } from './guard.ts';
import type { FollowOptions, StoredMessage } from './port.ts';
import { type Reach, firstSince, mayMakeConsumer } from './read.ts';

/** Messages that wait for whoever reads. */
const BUFFERED = 500;
/** Between two questions for a message that is not there yet, or to a server that is away. */
const ASK_EVERY_MS = 500;

export async function* follow({ nc, js, jsm, find }: Reach, options: FollowOptions): AsyncGenerator<StoredMessage> {
  const consumes = await guard(`follow ${options.stream}`, mayMakeConsumer(nc, js, options));
  yield* consumes ? consumed(js, options) : asked(jsm, find, options);
}

async function* asked(
  jsm: JetStreamManager,
  find: Find,
  { stream, filter = '>', since, signal }: FollowOptions,
): AsyncGenerator<StoredMessage> {
  const next = (seq: number, subject: string) => find(stream, { seq, next_by_subj: subject });
  const { state } = await guard(`follow ${stream}`, jsm.streams.info(stream));
  let sequence =
    since === undefined ? state.last_seq + 1 : await firstSince(next, since, state.first_seq, state.last_seq);
  while (!signal.aborted) {
    const message = await next(sequence, filter).catch(nothingWhileAway);
    if (message !== null) {
      yield message;
      sequence = message.sequence + 1;
    } else await pause(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function nothingWhileAway(error: unknown): null {
  if (error instanceof LogUnavailable) return null;
  throw error;
}

async function* consumed(
  js: JetStreamClient,
  { stream, filter, since, signal }: FollowOptions,
): AsyncGenerator<StoredMessage> {
  const consumer = await guard(
    `follow ${stream}`,
    js.consumers.get(stream, {
      ...(filter === undefined ? {} : { filterSubjects: filter }),
      ...(since === undefined
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(since).toISOString() }),
    }),
  );
  const messages = await guard(`follow ${stream}`, consumer.consume({ max_messages: BUFFERED }));
  const stop = (): void => messages.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) return;
    for await (const message of messages) {
      yield fromDelivered(message);
      if (signal.aborted) return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
