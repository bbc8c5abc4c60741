/**
 * The events log on the `nats` 2.29 client. The only file that knows this client: codes become the classes of errors.ts,
 * reconnection is for ever, and every call has a bound.
 */
import {
  type ConnectionOptions,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type MsgHdrs,
  type NatsConnection,
  NatsError,
  type StoredMsg,
  connect,
  headers as createHeaders,
} from 'nats';
import { consume } from './consume.ts';
import { ensureTopology } from './ensure-topology.ts';
import { follow } from './follow.ts';
import { Conflict, LogFull, LogRefused, LogUnavailable } from './errors.ts';
import { type LogAccess, authenticatorOf, tlsOf } from './log-access.ts';
import { read } from './read.ts';
import { sameTurn } from './same-turn.ts';
import { serverState } from './server-state.ts';
import type { EventLog, Headers, PublishOptions, StoredMessage } from './port.ts';

/** Bound on one request to the server. */
const REQUEST_TIMEOUT_MS = 5_000;
export interface ConnectLogOptions {
  readonly servers: string | readonly string[];
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly access?: LogAccess;
  /** JetStream domain of the streams; default: the one of the server that takes the connection. */
  readonly domain?: string;
}

/** Connect and keep reconnecting for ever. Rejects with LogUnavailable when no server takes the connection within 5 s. */
export async function connectLog(options: ConnectLogOptions): Promise<EventLog> {
  const nc = await connect(connectionOptions(options)).catch((error: unknown) => {
    throw new LogUnavailable(`no NATS server takes a connection at ${String(options.servers)}: ${reasonOf(error)}`, {
      cause: error,
    });
  });
  const api = { timeout: REQUEST_TIMEOUT_MS, ...(options.domain === undefined ? {} : { domain: options.domain }) };
  const js = nc.jetstream(api);
  const jsm = await guard('open JetStream', nc.jetstreamManager({ ...api, checkAPI: false }));
  return logOn(nc, js, jsm);
}

const REASONS: Readonly<Record<string, string>> = {
  CONNECTION_REFUSED: 'nobody listens there',
  AUTHORIZATION_VIOLATION: 'it does not know these credentials',
  AUTHENTICATION_EXPIRED: 'these credentials have expired',
  SERVER_OPT_NA: 'it does not offer TLS, and nothing is sent in clear',
  TIMEOUT: 'no answer in time; a server that wants a certificate of the client may end a connection without a word',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof NatsError)) return String(error);
  const known = REASONS[error.code];
  if (known !== undefined) return known;
  return error.chainedError === undefined ? error.message : `${error.message}: ${error.chainedError.message}`;
}

function connectionOptions({ servers, name, access = {} }: ConnectLogOptions): ConnectionOptions {
  const { identity, tls, inboxPrefix } = access;
  return {
    servers: typeof servers === 'string' ? servers.split(',') : [...servers],
    name,
    timeout: REQUEST_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 500,
    // A stack trace for every request, in case it fails, is a fifth of what a request costs.
    noAsyncTraces: true,
    pingInterval: 10_000,
    maxPingOut: 2,
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    ...(identity === undefined ? {} : { authenticator: authenticatorOf(identity) }),
    ...(tls === undefined ? {} : { tls: tlsOf(tls) }),
  };
}

function logOn(nc: NatsConnection, js: JetStreamClient, jsm: JetStreamManager): EventLog {
  return {
    publish: (subject, data, options = {}) => guard(`publish to ${subject}`, publish(js, subject, data, options)),
    consume: (options, handle) => guard(`consume ${options.stream}/${options.consumer}`, consume(js, options, handle)),
    last: (stream, subject) => find(jsm, stream, { last_by_subj: subject }),
    next: (stream, filter, sequence) => find(jsm, stream, { seq: sequence, next_by_subj: filter }),
    get: (stream, sequence) => find(jsm, stream, { seq: sequence }),
    read: (options) => read(nc, js, jsm, options),
    follow: (options) => follow(nc, js, jsm, options),
    remove: async (stream, sequence) => {
      await guard(`remove ${stream}#${sequence}`, jsm.streams.deleteMessage(stream, sequence));
    },
    consumerState: async (stream, consumer) => {
      const info = await guard(`look at ${stream}/${consumer}`, jsm.consumers.info(stream, consumer));
      return {
        pending: info.num_pending,
        ackPending: info.num_ack_pending,
        redelivered: info.num_redelivered,
        ackFloor: info.ack_floor.stream_seq,
        pulls: info.num_waiting,
      };
    },
    streamState: async (stream) => {
      const { state, config, created } = await guard(`look at ${stream}`, jsm.streams.info(stream));
      return {
        messages: state.messages,
        bytes: state.bytes,
        maxBytes: config.max_bytes,
        firstSequence: state.first_seq,
        lastSequence: state.last_seq,
        createdAt: Date.parse(created),
      };
    },
    serverState: (stream) => guard(`look at ${stream}`, serverState(nc, jsm, stream)),
    ensureTopology: (specs, apply) => guard('compare the topology', ensureTopology(jsm, specs, apply)),
    ping: async () => {
      if (nc.isClosed()) throw new LogUnavailable('the NATS connection is closed');
      await guard('ping NATS', withTimeout(nc.flush()));
    },
    closed: async () => {
      await nc.closed();
    },
    close: async () => {
      if (!nc.isClosed()) await withTimeout(nc.drain()).catch(() => undefined);
      // Also behind a drain that said it was done: while the server is away it leaves the client dialling for ever.
      await nc.close();
    },
  };
}

/** Buckets of another domain are written through the domain's own prefix: their plain subjects do not cross leaf nodes. */
const inDomain = ({ apiPrefix }: JetStreamClient, subject: string): string =>
  apiPrefix !== '$JS.API' && subject.startsWith('$KV.') ? `${apiPrefix}.${subject}` : subject;

async function publish(js: JetStreamClient, subject: string, data: Uint8Array, options: PublishOptions) {
  assertSubject(subject);
  const headers = createHeaders();
  for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
  const expect = {
    ...(options.expectStream === undefined ? {} : { streamName: options.expectStream }),
    ...(options.expectLastSequence === undefined ? {} : { lastSubjectSequence: options.expectLastSequence }),
  };
  await sameTurn();
  const ack = await js.publish(inDomain(js, subject), data, {
    headers,
    expect,
    timeout: REQUEST_TIMEOUT_MS,
    ...(options.msgId === undefined ? {} : { msgID: options.msgId }),
  });
  return { stream: ack.stream, sequence: ack.seq, duplicate: ack.duplicate };
}

/** The client does not check subjects: a line break here would be a protocol command of its own. */
function assertSubject(subject: string): void {
  if (!/^[\x21-\x7e]+$/.test(subject) || /(^|\.)(\.|$)|[*>]/.test(subject)) {
    throw new LogRefused(`subject ${JSON.stringify(subject)} is not a plain NATS subject`);
  }
}

export async function find(
  jsm: JetStreamManager,
  stream: string,
  query: { seq: number } | { seq: number; next_by_subj: string } | { last_by_subj: string },
): Promise<StoredMessage | null> {
  await sameTurn();
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
    headers: plainHeaders(message.headers),
    data: message.data,
  };
}

const fromStored = (stream: string, message: StoredMsg): StoredMessage => ({
  stream,
  subject: message.subject,
  sequence: message.seq,
  storedAt: message.time.getTime(),
  headers: plainHeaders(message.header),
  data: message.data,
});

function plainHeaders(headers: MsgHdrs | undefined): Headers {
  const plain: Record<string, string> = {};
  for (const [name, values] of headers ?? []) plain[name.toLowerCase()] = values[0] ?? '';
  return plain;
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new LogUnavailable(`no answer within ${REQUEST_TIMEOUT_MS} ms`)),
      REQUEST_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const guard = <T>(what: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw explain(what, error);
  });

const CONFLICT_CODES = new Set([10071, 10164]);
const FULL_CODES = new Set([10077, 10047, 10023]);
/** No such stream or consumer, wrong stream, too large, configuration refused. */
const REFUSED_CODES = new Set([10014, 10059, 10060, 10054, 10058, 10065, 10052]);

function explain(what: string, error: unknown): Error {
  if (error instanceof LogUnavailable || error instanceof LogRefused) return error;
  const message = `cannot ${what}: ${error instanceof Error ? error.message : String(error)}`;
  const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
  if (code !== undefined && CONFLICT_CODES.has(code)) return new Conflict(message, { cause: error });
  if (code !== undefined && FULL_CODES.has(code)) return new LogFull(message, { cause: error });
  if (code !== undefined && REFUSED_CODES.has(code)) return new LogRefused(message, { cause: error });
  if (error instanceof NatsError && REFUSED_NAMES.has(error.code)) return new LogRefused(message, { cause: error });
  return new LogUnavailable(message, { cause: error });
}

const REFUSED_NAMES: ReadonlySet<string> = new Set([
  'PERMISSIONS_VIOLATION',
  'MAX_PAYLOAD_EXCEEDED',
  'BAD_HEADER',
  'BAD_SUBJECT',
]);
