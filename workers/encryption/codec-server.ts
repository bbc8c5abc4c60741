/**
 * Decodes payloads for the Temporal UI and the `temporal` tool. It hands out clear text, so it decodes only (nothing is encoded for
 * strangers), answers pages of the configured origins only, and listens beyond loopback only with a token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { cannotListen } from '../cannot-listen.ts';
import { CommandError, EXIT } from '../exit-code.ts';

export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  readonly host: string;
  readonly port: number;
  readonly origins: readonly string[];
  /** Null: nobody has to show one; on loopback only. */
  readonly token: string | null;
}

export interface CodecServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1_048_576;
const MAX_PAYLOADS = 1_000;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Rejects when it would listen beyond loopback without a token. */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { host, port, token, origins, codec } = options;
  if (token === null && !LOOPBACK.test(host))
    throw new CommandError(
      EXIT.refused,
      `the codec server would hand out clear text on ${host} to anybody; expected encryption.server.token`,
    );
  const server = fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, requestTimeout: 10_000 });
  server.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin !== undefined && !origins.includes(origin))
      return reply.code(403).send({ error: `origin ${origin.slice(0, 200)} is not configured` });
    if (origin !== undefined) allowOrigin(reply, origin);
    // A browser asks without credentials first.
    if (request.method !== 'OPTIONS' && token !== null && !shows(request, token))
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'expected a bearer token' });
  });
  server.options('/decode', (_request, reply) => reply.code(204).send());
  server.post('/decode', async (request, reply) => {
    const payloads = payloadsOf(request.body);
    if (payloads === null) return reply.code(400).send({ error: 'expected {"payloads": [{"metadata", "data"}, ...]}' });
    try {
      return { payloads: (await codec.decode(payloads)).map(toJson) };
    } catch (error) {
      return reply.code(422).send({ error: error instanceof Error ? error.message : String(error) });
    }
  });
  const url = await server
    .listen({ host, port })
    .catch(cannotListen('the codec server', options, 'encryption.server.port'));
  return { url, close: () => server.close() };
}

const allowOrigin = (reply: FastifyReply, origin: string): void =>
  void reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'authorization, content-type, x-namespace',
    vary: 'origin',
  });

/** By digest, because a comparison in constant time needs equal lengths. */
function shows({ headers }: FastifyRequest, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}

/** Protobuf as JSON: bytes are base64. Null when it is anything else. */
function payloadsOf(body: unknown): Payload[] | null {
  const { payloads } = (body ?? {}) as { readonly payloads?: unknown };
  if (!Array.isArray(payloads) || payloads.length > MAX_PAYLOADS) return null;
  const read: Payload[] = [];
  for (const each of payloads as unknown[]) {
    const { metadata, data = '' } = (each ?? {}) as { readonly metadata?: unknown; readonly data?: unknown };
    if (typeof metadata !== 'object' || metadata === null || typeof data !== 'string') return null;
    const entries = Object.entries(metadata as Record<string, unknown>);
    if (entries.some(([, value]) => typeof value !== 'string')) return null;
    read.push({
      metadata: Object.fromEntries(entries.map(([name, value]) => [name, Buffer.from(String(value), 'base64')])),
      data: Buffer.from(data, 'base64'),
    });
  }
  return read;
}

const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');

const toJson = ({ metadata, data }: Payload): object => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)])),
  data: base64(data),
});
