/**
 * The HTTP front door: `POST /in/<sender>`. It answers 202 only for what is stored, 503 with Retry-After when it cannot store now, and
 * 4xx with a machine-readable reason for what will never work (R1).
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Answer } from './answers/answer.ts';
import { EVENTS_APIS, pagerdutyAnswer, pagerdutyTooMany } from './answers/pagerduty-answer.ts';
import { comeAgain, plainAnswer, refusal } from './answers/plain-answer.ts';
import { assertAuth, isAllowed } from './auth.ts';
import { answerClientError } from './client-error.ts';
import { type BoundedBody, MOST_COUNTED_BYTES, boundedBody, isProvedByHeaders } from './oversized.ts';
import { handshake } from './handshake.ts';
import { withAddress } from './in-address.ts';
import { type ReceiveOptions, type Sender, receive, receiveOversized } from './receive.ts';

export type { Sender } from './receive.ts';

export interface TlsOptions {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Authority of client certificates; without it none is asked for. */
  readonly clientCa?: string;
}

export interface IntakeOptions extends ReceiveOptions {
  readonly senders: readonly Sender[];
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions;
  readonly limits: {
    readonly maxBodyBytes: number;
    /** From the first byte of a request to its last. */
    readonly bodyTimeoutMs: number;
    /** Requests in progress; more are asked to come again. */
    readonly maxConcurrent: number;
  };
}

export interface Intake {
  listen(): Promise<{ readonly url: string }>;
  /** Stop listening, then wait for requests in progress. */
  close(): Promise<void>;
}

const CHECK_SLOW_MS = 1_000;

/** Throws when a sender is not protected as its address demands. */
export function createIntake(options: IntakeOptions): Intake {
  const listener = { host: options.host, clientCertificates: options.tls?.clientCa !== undefined };
  for (const { name, auth } of options.senders) assertAuth(name, auth, listener);
  const senders = new Map(options.senders.map((sender) => [sender.name, sender]));
  const server = createServer(options);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const senderAt = (url: string): string | null => {
    const name = /^\/in\/([^/?]+)/.exec(url)?.[1] ?? '';
    return senders.has(name) ? name : null;
  };
  boundConcurrency(server, options, senderAt);
  server.route<{ Params: { sender: string } }>({
    method: ['POST', 'PUT', 'GET'],
    url: '/in/:sender',
    // To ask whether there is something here must not send it.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const sender = senders.get(request.params.sender);
      if (sender === undefined) return send(reply, unknownSender(request.params.sender));
      const methods = methodsOf(sender);
      if (!methods.includes(request.method)) return send(reply, wrongMethod(methods));
      const given = withAddress(sender.source, signed(request), request.url);
      return send(reply, plainAnswer(await receive(options, sender, given)));
    },
  });
  server.options<{ Params: { sender: string } }>('/in/:sender', async (request, reply) => {
    const sender = senders.get(request.params.sender);
    if (sender === undefined) return send(reply, unknownSender(request.params.sender));
    return send(reply, handshake(sender.source, plainHeaders(request)) ?? wrongMethod(methodsOf(sender)));
  });
  for (const sender of options.senders)
    if (sender.quarantine === true && isProvedByHeaders(sender.auth)) takeOversized(server, options, sender);
  for (const api of EVENTS_APIS)
    server.post<{ Params: { sender: string } }>(`/in/:sender${api.path}`, async (request, reply) => {
      const sender = senders.get(request.params.sender);
      if (sender === undefined || sender.source.kind !== 'pagerduty')
        return send(reply, unknownSender(request.params.sender));
      const given = signed(request);
      return send(reply, pagerdutyAnswer(api, await receive(options, sender, given), given.raw));
    });
  server.setNotFoundHandler((request, reply) =>
    send(
      reply,
      request.url.startsWith('/in/') && request.method !== 'POST'
        ? wrongMethod(['POST'])
        : refusal(404, 'not-found', 'expected POST /in/<sender>'),
    ),
  );
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const sender = senderAt(request.url);
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      if (sender !== null) options.onRejected?.(sender, 'body-too-large');
      return send(reply, refusal(413, 'body-too-large', `at most ${options.limits.maxBodyBytes} bytes`));
    }
    if (error.statusCode !== undefined && error.statusCode < 500)
      return send(reply, refusal(error.statusCode, 'bad-request', error.message));
    options.logger.error({ err: error, sender }, 'request failed, its sender is asked to come again');
    if (sender !== null) options.onComeAgain?.(sender, 'internal');
    return send(reply, comeAgain('internal', 'nothing was stored for sure; send it again'));
  });
  return {
    listen: async () => ({ url: await server.listen({ host: options.host, port: options.port }) }),
    close: () => server.close(),
  };
}

/** An address of its own for a sender whose queue must let go also of what is too large. */
function takeOversized(server: FastifyInstance, options: IntakeOptions, sender: Sender): void {
  const bodies = new WeakMap<FastifyRequest, BoundedBody>();
  const { maxBodyBytes } = options.limits;
  server.post(
    `/in/${sender.name}`,
    {
      bodyLimit: Math.max(MOST_COUNTED_BYTES, maxBodyBytes),
      preParsing: (request, _reply, payload, done) => {
        const allowed = (): Promise<boolean> =>
          isAllowed(sender.auth, { ...signed(request), raw: Buffer.alloc(0) }, new Date((options.now ?? Date.now)()));
        const body = boundedBody(payload, maxBodyBytes, allowed, tooLarge);
        bodies.set(request, body);
        done(null, body);
      },
    },
    async (request, reply) => {
      const whole = bodies.get(request)?.whole() ?? null;
      const given = withAddress(sender.source, signed(request), request.url);
      if (whole === null) return send(reply, plainAnswer(await receive(options, sender, given)));
      return send(reply, plainAnswer(await receiveOversized(options, sender, given, whole, maxBodyBytes)));
    },
  );
}

const tooLarge = (): Error =>
  Object.assign(new Error('body too large'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' });

function createServer({ limits, tls }: IntakeOptions): FastifyInstance {
  // Node exchanges the two time-outs when that of the headers (60 s unless told otherwise) is the longer one, and looks only every 30 s.
  const http = {
    headersTimeout: limits.bodyTimeoutMs,
    requestTimeout: limits.bodyTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.bodyTimeoutMs, CHECK_SLOW_MS),
  };
  const common = {
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.bodyTimeoutMs,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: Error & { statusCode?: number }, _request: unknown, reply: FastifyReply) =>
      void send(reply, refusal(error.statusCode ?? 400, 'bad-request', error.message)),
  } as const;
  if (tls === undefined) return fastify({ ...common, http });
  const { cert, key, clientCa } = tls;
  // A sender without a certificate may still prove itself otherwise, so the handshake lets it in and `signed` says what it showed.
  const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  const https = { ...http, cert, key, minVersion: 'TLSv1.2', ...clients } as const;
  return fastify({ ...common, https }) as unknown as FastifyInstance;
}

const methodsOf = ({ source }: Sender): readonly string[] => ['POST', ...(source.methods ?? [])];

const signed = (request: FastifyRequest) => ({
  headers: plainHeaders(request),
  raw: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  certificate: certificateOf(request.raw.socket),
});

const certificateOf = (socket: Socket): X509Certificate | null =>
  socket instanceof TLSSocket && socket.authorized ? (socket.getPeerX509Certificate() ?? null) : null;

function boundConcurrency(
  server: FastifyInstance,
  { limits: { maxConcurrent: most }, onComeAgain }: IntakeOptions,
  senderAt: (url: string) => string | null,
): void {
  let inProgress = 0;
  server.addHook('onRequest', async (request, reply) => {
    inProgress += 1;
    reply.raw.once('close', () => (inProgress -= 1));
    if (inProgress <= most) return undefined;
    const sender = senderAt(request.url);
    if (sender !== null) onComeAgain?.(sender, 'too-many-requests');
    const api = EVENTS_APIS.find(({ path }) => request.routeOptions.url?.endsWith(path));
    return send(
      reply,
      api === undefined ? comeAgain('too-many-requests', `${most} requests are in progress`) : pagerdutyTooMany(api),
    );
  });
}

const send = (reply: FastifyReply, { status, headers = {}, body }: Answer): FastifyReply =>
  reply.code(status).headers(headers).send(body);

const unknownSender = (name: string): Answer => refusal(404, 'unknown-sender', `no sender ${name} is configured`);

const wrongMethod = (allowed: readonly string[]): Answer => ({
  ...refusal(405, 'method-not-allowed', `expected ${allowed.join(' or ')}`),
  headers: { allow: allowed.join(', ') },
});

const plainHeaders = ({ headers }: FastifyRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
