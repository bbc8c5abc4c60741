/**
 * JetStream by the bare client, without anything of Tocsin: what its rates are compared with. The client is told to leave out the stack
 * traces of requests, as ours is.
 */
import { type NatsConnection, connect, headers } from 'nats';

export const rawConnection = (servers: string): Promise<NatsConnection> =>
  connect({ servers, name: 'raw', noAsyncTraces: true });

export interface RawMessage {
  readonly subject: string;
  readonly stream: string;
  readonly id: string;
  readonly data: Uint8Array;
}

/** Publishes all, up to `window` at a time, each with its confirmation. */
export async function rawPublish(
  nc: NatsConnection,
  count: number,
  window: number,
  message: () => RawMessage,
): Promise<void> {
  const js = nc.jetstream();
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { subject, stream, id, data } = message();
      const head = headers();
      head.set('content-type', 'application/cloudevents+json');
      await js.publish(subject, data, { headers: head, msgID: id, expect: { streamName: stream } });
    }
  };
  await Promise.all(Array.from({ length: window }, lane));
}

/** Consumes `count` messages, up to `inFlight` at a time; for each one is published, and only then it is acknowledged, with confirmation. */
export async function rawConsume(
  nc: NatsConnection,
  { stream, consumer, subject }: { readonly stream: string; readonly consumer: string; readonly subject: string },
  count: number,
  inFlight: number,
): Promise<void> {
  const js = nc.jetstream();
  const messages = await (await js.consumers.get(stream, consumer)).consume({ max_messages: inFlight });
  let [taken, busy] = [0, 0];
  let freed: () => void = () => undefined;
  const working: Promise<void>[] = [];
  for await (const message of messages) {
    const work = async (): Promise<void> => {
      await js.publish(`${subject}.${message.seq}`, message.data);
      await message.ackAck();
      busy -= 1;
      freed();
    };
    busy += 1;
    working.push(work());
    taken += 1;
    if (taken === count) break;
    if (busy >= inFlight) await new Promise<void>((resolve) => (freed = resolve));
  }
  messages.stop();
  await Promise.all(working);
}
