/** The one data converter of clients, workers and replay. Without keys it is undefined, and Temporal stores everything in clear. */
import { extname, join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import type { Config } from '../config.ts';
import { readSecret } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type EncryptionKey, createCodec } from './codec.ts';

/** Puts messages and stacks of failures into the payload that is encrypted. Part of the workflow bundle too (`workers/bundle.ts`). */
export const FAILURE_CONVERTER = join(
  import.meta.dirname,
  '../../workflows/kit',
  `failure-converter${extname(import.meta.filename)}`,
);

type Environment = Readonly<Record<string, string | undefined>>;

/** Rejects with every key that is missing or has another length. */
export function dataConverterOf({ encryption }: Config, env: Environment = process.env): DataConverter | undefined {
  if (encryption === undefined) return undefined;
  return {
    payloadCodecs: [createCodec(encryptionKeys(encryption.keys, env))],
    failureConverterPath: FAILURE_CONVERTER,
  };
}

export function encryptionKeys(
  references: readonly { readonly id: string; readonly key: string }[],
  env: Environment = process.env,
): readonly EncryptionKey[] {
  const keys = references.map(({ id, key }) => ({ id, key: bytesOf(readSecret(key, env)) }));
  const problems = keys
    .filter(({ key }) => key.length !== KEY_BYTES)
    .map(
      ({ id, key }) => `encryption key ${id} has ${key.length} bytes, expected ${KEY_BYTES} (openssl rand -base64 32)`,
    );
  if (problems.length > 0) throw new CommandError(EXIT.refused, problems.join('\n'));
  return keys;
}

const KEY_BYTES = 32;

const bytesOf = (text: string): Buffer => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
