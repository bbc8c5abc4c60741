/** A stream as it grows, for somebody who watches: an ordered consumer, which the client makes anew after the server was away. */
import { DeliverPolicy, type JetStreamClient } from 'nats';
import { fromDelivered, guard } from './nats-log.ts';
import type { FollowOptions, StoredMessage } from './port.ts';

/** Messages that wait for whoever reads. */
const BUFFERED = 500;

export async function* follow(
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
