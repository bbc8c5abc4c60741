/**
 * Encrypts what Temporal stores: arguments, results, signals, memos, summaries, failures. AES-256-GCM with a new nonce for each payload and
 * the id of the key beside it, so that keys are rotated without touching histories. It runs outside the workflow sandbox. Workflow ids, type
 * names, task queues and search attributes never pass through it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ApplicationFailure, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { PAYLOAD_UNREADABLE } from '../../triggers/path/failed-task.ts';

export interface EncryptionKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

const CIPHER = 'aes-256-gcm';
const ENCODING = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const { Payload: PayloadType } = proto.temporal.api.common.v1;

/** The first key encrypts. Decoding rejects a payload that was changed, or whose key is not among these; what is in clear stays so. */
export function createCodec(keys: readonly EncryptionKey[]): PayloadCodec {
  const [first] = keys;
  if (first === undefined) throw new Error('no encryption key is given, expected at least one');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, first)),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, byId) : payload)),
  };
}

function encrypt(payload: Payload, { id, key }: EncryptionKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(id));
  const body = Buffer.concat([cipher.update(PayloadType.encode(payload).finish()), cipher.final()]);
  return {
    metadata: {
      encoding: Buffer.from(ENCODING),
      'encryption-cipher': Buffer.from(CIPHER),
      'encryption-key-id': Buffer.from(id),
    },
    data: Buffer.concat([nonce, cipher.getAuthTag(), body]),
  };
}

const textOf = ({ metadata }: Payload, name: string): string => Buffer.from(metadata?.[name] ?? []).toString('utf8');

const isEncrypted = (payload: Payload): boolean => textOf(payload, 'encoding') === ENCODING;

function decrypt(payload: Payload, keys: ReadonlyMap<string, Buffer>): Payload {
  const id = textOf(payload, 'encryption-key-id');
  const key = keys.get(id);
  if (key === undefined)
    throw unreadable(
      `a payload is encrypted with key ${JSON.stringify(id.slice(0, 40))}, which is not configured here; expected one of ${[...keys.keys()].join(', ')}`,
    );
  const data = Buffer.from(payload.data ?? []);
  try {
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(id))
      .setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const clear = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return PayloadType.decode(clear);
  } catch (error) {
    throw unreadable(`a payload does not fit key ${id}: it was changed, or this is another key of the same id`, error);
  }
}

/** Its type tells it from what a runbook throws. Retryable: another worker may have the key. */
const unreadable = (message: string, cause?: unknown): Error =>
  ApplicationFailure.create({ message, type: PAYLOAD_UNREADABLE, ...(cause instanceof Error ? { cause } : {}) });
