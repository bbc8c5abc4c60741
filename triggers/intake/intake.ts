/**
 * The HTTP front door: `POST /in/<sender>`. It answers 202 only for what is stored, 503 with Retry-After when it cannot store now, and
 * 4xx with a machine-readable reason for what will never work (R1).
 */
import { SpanKind } from '@opentelemetry/api';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { inSpan } from '../in-span.ts';
import { LogRefused } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import type { Control, Rejection, Source } from '../sources/source.ts';
import { type Accepted, type StoredEvent, accept } from './accept.ts';
import { type Auth, assertAuth, isAllowed } from './auth.ts';
import { answerClientError } from './client-error.ts';

export interface Sender {
  readonly name: string;
  readonly source: Source;
  readonly auth: Auth;
}

export interface IntakeOptions {
  readonly senders: readonly Sender[];
  readonly log: Pick<EventLog, 'publish'>;
  readonly region: string;
  readonly knownTypes: ReadonlySet<string>;
  readonly host: string;
  readonly port: number;
  readonly limits: {
    readonly maxBodyBytes: number;
    /** From the first byte of a request to its last. */
    readonly bodyTimeoutMs: number;
    /** Requests in progress; more are asked to come again. */
    readonly maxConcurrent: number;
  };
  readonly logger: Logger;
  /** Fetch the address that confirms a subscription; called only for a request whose signature was right. */
  readonly confirm?: (url: string) => Promise<void>;
  readonly onStored?: (stored: StoredEvent) => void;
  readonly onRejected?: (sender: string, reason: string) => void;
  readonly now?: () => number;
}

export interface Intake {
  listen(): Promise<{ readonly url: string }>;
  /** Stop listening, then wait for requests in progress. */
  close(): Promise<void>;
}

const RETRY_AFTER_S = 5;
const CHECK_SLOW_MS = 1_000;

/** Throws when a sender is not protected as its address demands. */
export function createIntake(options: IntakeOptions): Intake {
  for (const { name, auth } of options.senders) assertAuth(name, auth, options.host);
  const senders = new Map(options.senders.map((sender) => [sender.name, sender]));
  const server = fastify({
    logger: false,
    bodyLimit: options.limits.maxBodyBytes,
    requestTimeout: options.limits.bodyTimeoutMs,
    forceCloseConnections: 'idle',
    // Node exchanges the two time-outs when that of the headers (60 s unless told otherwise) is the longer one, and looks only every 30 s.
    http: {
      headersTimeout: options.limits.bodyTimeoutMs,
      requestTimeout: options.limits.bodyTimeoutMs,
      connectionsCheckingInterval: Math.min(options.limits.bodyTimeoutMs, CHECK_SLOW_MS),
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) =>
      void refuse(reply, error.statusCode ?? 400, 'bad-request', error.message),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  boundConcurrency(server, options.limits.maxConcurrent);
  server.post<{ Params: { sender: string } }>('/in/:sender', async (request, reply) => {
    const sender = senders.get(request.params.sender);
    if (sender === undefined)
      return refuse(reply, 404, 'unknown-sender', `no sender ${request.params.sender} is configured`);
    const span = { kind: SpanKind.SERVER, attributes: { 'tocsin.sender': sender.name }, from: plainHeaders(request) };
    return inSpan(`intake ${sender.name}`, span, () => handle(options, sender, request, reply));
  });
  server.setNotFoundHandler((request, reply) =>
    request.url.startsWith('/in/') && request.method !== 'POST'
      ? refuse(reply.header('allow', 'POST'), 405, 'method-not-allowed', 'expected POST')
      : refuse(reply, 404, 'not-found', 'expected POST /in/<sender>'),
  );
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
      return refuse(reply, 413, 'body-too-large', `at most ${options.limits.maxBodyBytes} bytes`);
    if (error.statusCode !== undefined && error.statusCode < 500)
      return refuse(reply, error.statusCode, 'bad-request', error.message);
    options.logger.error({ err: error }, 'request failed, its sender is asked to come again');
    return comeAgain(reply, 'internal', 'nothing was stored for sure; send it again');
  });
  return {
    listen: async () => ({ url: await server.listen({ host: options.host, port: options.port }) }),
    close: () => server.close(),
  };
}

async function handle(
  options: IntakeOptions,
  sender: Sender,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const headers = plainHeaders(request);
  const rejectWith = (status: number, reason: string, message: string): FastifyReply => {
    options.onRejected?.(sender.name, reason);
    return refuse(reply, status, reason, message);
  };
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const now = new Date((options.now ?? Date.now)());
  if (!isAllowed(sender.auth, { headers, raw }, now))
    return rejectWith(401, 'not-authenticated', `expected authentication of kind ${sender.auth.kind}`);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return rejectWith(415, 'content-encoding', 'expected an uncompressed body');
  const contentType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() || null;
  const { authorization: _secret, ...kept } = headers;
  let accepted: Accepted;
  try {
    accepted = await accept(
      {
        sender: sender.name,
        headers: kept,
        contentType,
        raw,
        receivedAt: now.toISOString(),
      },
      sender.source,
      options,
    );
  } catch (error) {
    // Also when a human has to mend the log first (LogRefused): 503 is the one answer that every sender repeats, so nothing is lost.
    const level = error instanceof LogRefused ? 'error' : 'warn';
    options.logger[level]({ err: error, sender: sender.name }, 'cannot store now, the sender is asked to come again');
    return comeAgain(reply, 'cannot-store', 'the events log does not take it now; send it again');
  }
  if (accepted.kind === 'unsupported-media-type')
    return rejectWith(
      415,
      'content-type',
      `${contentType ?? 'no content type'} is not what ${sender.source.kind} sends`,
    );
  for (const stored of accepted.stored) {
    logStored(options, stored);
    options.onStored?.(stored);
  }
  for (const { reason } of accepted.rejected) options.onRejected?.(sender.name, reason);
  if (accepted.control !== null) return answerControl(options, sender, accepted.control, reply);
  return answer(reply, accepted.stored, accepted.rejected);
}

/** One line for each event; who follows an event through the logs begins here. */
function logStored({ logger, region }: IntakeOptions, { sender, event, ack }: StoredEvent): void {
  const { stream, sequence, duplicate } = ack;
  logger.info({ eventId: event.id, region, sender, type: event.type, stream, sequence, duplicate }, 'event stored');
}

/** What is about the delivery itself. A subscription is confirmed only for who has proved to be the sender: the address is in the request. */
async function answerControl(
  options: IntakeOptions,
  { name, auth }: Sender,
  { answer: { status, body }, confirmUrl }: Control,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (confirmUrl !== undefined && options.confirm !== undefined && auth.kind === 'signature') {
    try {
      await options.confirm(confirmUrl);
      options.logger.info({ sender: name }, 'subscription confirmed');
    } catch (error) {
      options.logger.warn(
        { err: error, sender: name },
        'the subscription was not confirmed, its sender will ask again',
      );
      return comeAgain(reply, 'not-confirmed', 'the subscription could not be confirmed now');
    }
  }
  return reply.code(status).send(body);
}

function answer(reply: FastifyReply, stored: readonly StoredEvent[], rejected: readonly Rejection[]): FastifyReply {
  const duplicates = stored.filter(({ ack }) => ack.duplicate).length;
  const body = { accepted: stored.length, duplicates, rejected };
  const [first] = rejected;
  if (stored.length > 0 || first === undefined) return reply.code(202).send(body);
  const { reason, place, message } = first;
  return reply.code(400).send({ ...body, error: { reason, place, message } });
}

function boundConcurrency(server: FastifyInstance, most: number): void {
  let inProgress = 0;
  server.addHook('onRequest', async (_request, reply) => {
    inProgress += 1;
    reply.raw.once('close', () => (inProgress -= 1));
    if (inProgress > most) return comeAgain(reply, 'too-many-requests', `${most} requests are in progress`);
    return undefined;
  });
}

const refuse = (reply: FastifyReply, status: number, reason: string, message: string): FastifyReply =>
  reply.code(status).send({ error: { reason, place: '', message } });

const comeAgain = (reply: FastifyReply, reason: string, message: string): FastifyReply =>
  refuse(reply.header('retry-after', String(RETRY_AFTER_S)), 503, reason, message);

const plainHeaders = ({ headers }: FastifyRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
