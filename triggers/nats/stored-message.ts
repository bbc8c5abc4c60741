/** A message of a stream as the client gives it, looked up or delivered, told without the client's types. */
import { type JetStreamManager, type JsMsg, type MsgHdrs, NatsError, type StoredMsg } from 'nats';
import { explain } from './guard.ts';
import type { Headers, StoredMessage } from './port.ts';

/** Null: there is none. */
export async function find(
  jsm: JetStreamManager,
  stream: string,
  query: { seq: number } | { seq: number; next_by_subj: string } | { last_by_subj: string },
): Promise<StoredMessage | null> {
  try {
    return fromStored(stream, await jsm.streams.getMessage(stream, query));
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === 10037) return null;
    throw explain(`read from ${stream}`, error);
  }
}

export function fromDelivered(message: JsMsg): StoredMessage {
  return {
    stream: message.info.stream,
    subject: message.subject,
    sequence: message.seq,
    storedAt: Math.floor(message.info.timestampNanos / 1e6),
    headers: plainHeaders(() => message.headers),
    data: message.data,
  };
}

const fromStored = (stream: string, message: StoredMsg): StoredMessage => ({
  stream,
  subject: message.subject,
  sequence: message.seq,
  storedAt: message.time.getTime(),
  /** Read when they are asked for: records have none that matter. */
  get headers() {
    return plainHeaders(() => message.header);
  },
  data: message.data,
});

/**
 * None of them when the client cannot read one: whoever may publish may write any bytes there, the server looks at none, and what cannot be read
 * must reach its reader all the same.
 */
function plainHeaders(read: () => MsgHdrs | undefined): Headers {
  const plain: Record<string, string> = {};
  try {
    for (const [name, values] of read() ?? []) plain[name.toLowerCase()] = values[0] ?? '';
  } catch {
    return {};
  }
  return plain;
}
