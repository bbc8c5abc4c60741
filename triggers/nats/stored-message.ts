/** A message of a stream as the client gives it, looked up or delivered, told without the client's types. */
import { type JsMsg, type MsgHdrs, MsgHdrsImpl, NatsError } from 'nats';
import { LogRefused } from './errors.ts';
import { explain } from './guard.ts';
import type { Headers, StoredMessage } from './port.ts';
import type { Requests } from './requests.ts';

export type Query = { seq: number } | { seq: number; next_by_subj: string } | { last_by_subj: string };

/** Looks one message up at the leader of its stream; null: there is none. */
export type Find = (stream: string, query: Query) => Promise<StoredMessage | null>;

/** `prefix`: of JetStream's own requests. */
export const createFind =
  (requests: Requests, prefix: string): Find =>
  async (stream, query) => {
    // Some come out of records that others may write: a line break in a subject would be a command of its own.
    if (!STREAM_NAME.test(stream)) throw new LogRefused(`${JSON.stringify(stream)} is no name of a stream`);
    const subject = `${prefix}.STREAM.MSG.GET.${stream}`;
    // Keys are looked up by many at once, a stream is walked by one.
    const atOnce = !('last_by_subj' in query);
    try {
      const asked = Buffer.from(JSON.stringify(query));
      const { message } = await requests.askJetStream<Answer>(subject, asked, { atOnce });
      return fromStored(stream, message);
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE) return null;
      throw explain(`read from ${stream}`, error);
    }
  };

const NO_MESSAGE = 10037;
const STREAM_NAME = /^[\w-]+$/;

interface Answer {
  readonly message: Stored;
}

/** As JetStream writes it: bytes in base64, left out when there are none. */
interface Stored {
  readonly subject: string;
  readonly seq: number;
  readonly time: string;
  readonly hdrs?: string;
  readonly data?: string;
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

const fromStored = (stream: string, { subject, seq, time, hdrs, data = '' }: Stored): StoredMessage => ({
  stream,
  subject,
  sequence: seq,
  storedAt: Date.parse(time),
  /** Read when they are asked for: records have none that matter. */
  get headers() {
    return plainHeaders(() => (hdrs === undefined ? undefined : MsgHdrsImpl.decode(Buffer.from(hdrs, 'base64'))));
  },
  data: Buffer.from(data, 'base64'),
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
