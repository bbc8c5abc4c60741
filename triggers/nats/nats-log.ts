/**
 * The events log on the `nats` 2.29 client, which only this folder knows: its codes become the classes of errors.ts, reconnection is for
 * ever, and every call has a bound.
 */
import {
  type ConnectionOptions,
  ErrorCode,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  connect,
  headers as createHeaders,
} from 'nats';
import { consume } from './consume.ts';
import { ensureTopology } from './ensure-topology.ts';
import { follow } from './follow.ts';
import { LogDenied, LogUnavailable, MessageRefused } from './errors.ts';
import { guard } from './guard.ts';
import { type LogAccess, authenticatorOf, tlsOf } from './log-access.ts';
import { read } from './read.ts';
import { type Requests, createRequests } from './requests.ts';
import { createTurns } from './same-turn.ts';
import { serverState } from './server-state.ts';
import { createFind } from './stored-message.ts';
import type { EventLog, PubAck, PublishOptions } from './port.ts';

/** Bound on one request to the server. */
const REQUEST_TIMEOUT_MS = 5_000;

export interface ConnectLogOptions {
  readonly servers: string | readonly string[];
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly access?: LogAccess;
  /** JetStream domain of the streams; default: the one of the server that takes the connection. */
  readonly domain?: string;
  /**
   * Requests of a busy process wait up to 8 ms for others to leave with, in fewer writes. For a process that has more to do than it is quick to
   * answer: nobody waits for a trigger process.
   */
  readonly lingers?: boolean;
}

/** Connect and keep reconnecting for ever. Rejects with LogUnavailable when no server takes the connection within 5 s; LogDenied: one could. */
export async function connectLog(options: ConnectLogOptions): Promise<EventLog> {
  const nc = await connect(connectionOptions(options)).catch((error: unknown) => {
    const why = `no NATS server takes a connection at ${String(options.servers)}: ${reasonOf(error)}`;
    throw new (isDenial(error) ? LogDenied : LogUnavailable)(why, { cause: error });
  });
  const api = { timeout: REQUEST_TIMEOUT_MS, ...(options.domain === undefined ? {} : { domain: options.domain }) };
  const js = nc.jetstream(api);
  const jsm = await guard('open JetStream', nc.jetstreamManager({ ...api, checkAPI: false }));
  const requests = createRequests(nc, {
    timeoutMs: REQUEST_TIMEOUT_MS,
    inboxPrefix: options.access?.inboxPrefix,
    sameTurn: createTurns(options.lingers === true),
  });
  return logOn(nc, js, jsm, requests);
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

const DENIALS: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.ServerOptionNotAvailable,
]);
/** What Node says when the two do not agree on TLS; a handshake that ends because the connection does has another code. */
const TLS_CODES = /^(ERR_(TLS|SSL|OSSL)|CERT_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/;

function isDenial(error: unknown): boolean {
  if (error instanceof NatsError && DENIALS.has(error.code)) return true;
  const why = error instanceof NatsError ? error.chainedError : error;
  return why instanceof Error && 'code' in why && typeof why.code === 'string' && TLS_CODES.test(why.code);
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

function logOn(nc: NatsConnection, js: JetStreamClient, jsm: JetStreamManager, requests: Requests): EventLog {
  const find = createFind(requests, js.apiPrefix);
  return {
    publish: async (subject, data, options = {}) => {
      assertSubject(subject);
      return guard(`publish to ${subject}`, publish(requests, inDomain(js, subject), data, options));
    },
    consume: (options, handle) =>
      guard(`consume ${options.stream}/${options.consumer}`, consume(js, options, handle, requests)),
    last: (stream, subject) => find(stream, { last_by_subj: subject }),
    next: (stream, filter, sequence) => find(stream, { seq: sequence, next_by_subj: filter }),
    get: (stream, sequence) => find(stream, { seq: sequence }),
    read: (options) => read({ nc, js, jsm, find }, options),
    follow: (options) => follow({ nc, js, jsm, find }, options),
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

interface Ack {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

async function publish(
  requests: Requests,
  subject: string,
  data: Uint8Array,
  { headers = {}, msgId, expectStream, expectLastSequence }: PublishOptions,
): Promise<PubAck> {
  const head = createHeaders();
  for (const [name, value] of Object.entries(headers)) head.set(name, value);
  if (msgId !== undefined) head.set('Nats-Msg-Id', msgId);
  if (expectStream !== undefined) head.set('Nats-Expected-Stream', expectStream);
  if (expectLastSequence !== undefined) head.set('Nats-Expected-Last-Subject-Sequence', `${expectLastSequence}`);
  const ack = await requests.askJetStream<Ack>(subject, data, { headers: head });
  if (ack.stream === '') throw NatsError.errorForCode(ErrorCode.JetStreamInvalidAck);
  return { stream: ack.stream, sequence: ack.seq, duplicate: ack.duplicate === true };
}

/** The client does not check subjects: a line break here would be a protocol command of its own. */
function assertSubject(subject: string): void {
  if (!/^[\x21-\x7e]+$/.test(subject) || /(^|\.)(\.|$)|[*>]/.test(subject)) {
    throw new MessageRefused(`subject ${JSON.stringify(subject)} is not a plain NATS subject`);
  }
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
