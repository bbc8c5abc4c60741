/**
 * Reads a stream from the start: in batches through a consumer of its own where this identity may make one, else one message after the
 * other, which takes a round trip for each.
 */
import { type JetStreamClient, type JetStreamManager, type NatsConnection, NatsError } from 'nats';
import { LogUnavailable } from './errors.ts';
import { type Find, fromDelivered } from './stored-message.ts';
import { guard } from './guard.ts';
import type { ReadOptions, StoredMessage } from './port.ts';

/** Messages fetched per round trip. */
const BATCH = 500;
const EXPIRES_MS = 1_000;
const PROBE_TIMEOUT_MS = 5_000;
/** Fetches in a row that bring nothing although something is left. */
const MAX_SILENT_FETCHES = 5;

/** What a reader needs of a connection. */
export interface Reach {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly find: Find;
}

export async function* read({ nc, js, jsm, find }: Reach, options: ReadOptions): AsyncGenerator<StoredMessage> {
  const { state } = await guard(`look at ${options.stream}`, jsm.streams.info(options.stream));
  if (state.messages === 0) return;
  if (await guard(`read ${options.stream}`, mayMakeConsumer(nc, js, options)))
    yield* inBatches(await openConsumer(js, options), options.stream, state.last_seq);
  else yield* oneByOne(find, options, state);
}

/** Asks with a request that cannot be carried out. The client itself, when it is denied, tries again and again without an end. */
export async function mayMakeConsumer(
  nc: NatsConnection,
  js: JetStreamClient,
  { stream, filter }: ReadOptions,
): Promise<boolean> {
  const subject = `${js.apiPrefix}.CONSUMER.CREATE.${stream}.probe${filter === undefined ? '' : `.${filter}`}`;
  try {
    await nc.request(subject, '', { timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof NatsError && error.code === 'PERMISSIONS_VIOLATION') return false;
    throw error;
  }
}

type Consumer = Awaited<ReturnType<JetStreamClient['consumers']['get']>>;

const openConsumer = (js: JetStreamClient, { stream, filter, since }: ReadOptions): Promise<Consumer> =>
  guard(
    `read ${stream}`,
    js.consumers.get(stream, {
      ...(filter === undefined ? {} : { filterSubjects: filter }),
      ...(since === undefined
        ? {}
        : { opt_start_time: new Date(since).toISOString(), deliver_policy: 'by_start_time' as never }),
    }),
  );

async function* inBatches(consumer: Consumer, stream: string, last: number): AsyncGenerator<StoredMessage> {
  for (let silent = 0; silent < MAX_SILENT_FETCHES;) {
    const { num_pending: left } = await guard(`read ${stream}`, consumer.info());
    if (left === 0) return;
    const batch = await guard(
      `read ${stream}`,
      consumer.fetch({ max_messages: Math.min(left, BATCH), expires: EXPIRES_MS }),
    );
    silent += 1;
    for await (const message of batch) {
      silent = 0;
      if (message.seq > last) return;
      yield fromDelivered(message);
      if (message.info.pending === 0 || message.seq === last) return;
    }
  }
  // A reader that believes it has seen everything would let an audit pass that saw half.
  throw new LogUnavailable(`reading ${stream} stopped: the server has messages and sends none`);
}

interface Bounds {
  readonly first_seq: number;
  readonly last_seq: number;
}

async function* oneByOne(
  find: Find,
  { stream, filter = '>', since }: ReadOptions,
  { first_seq, last_seq }: Bounds,
): AsyncGenerator<StoredMessage> {
  const next = (sequence: number, subject: string): Promise<StoredMessage | null> =>
    find(stream, { seq: sequence, next_by_subj: subject });
  let sequence = since === undefined ? first_seq : await firstSince(next, since, first_seq, last_seq);
  for (;;) {
    const message = await next(sequence, filter);
    if (message === null || message.sequence > last_seq) return;
    yield message;
    sequence = message.sequence + 1;
  }
}

/** Sequences rise with time, so that halving finds the place. `last + 1` when everything is older. */
export async function firstSince(
  next: (sequence: number, subject: string) => Promise<StoredMessage | null>,
  since: number,
  first: number,
  last: number,
): Promise<number> {
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await next(middle, '>');
    if (message === null || message.storedAt >= since) high = middle;
    else low = message.sequence + 1;
  }
  return low;
}
