/** The private key of one approver: made here, kept in a file that only its owner can read, and found in the key ring by its public half. */
import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ApproverKey } from '../activities/approvals.ts';
import { publicKeyOf } from '../activities/approvals.ts';
import { readSecret } from './config.ts';
import { CommandError, EXIT } from './exit-code.ts';

/** A private key that the key ring knows. */
export interface SigningKey {
  readonly entry: ApproverKey;
  readonly privateKey: KeyObject;
}

/** Where a key is kept unless another place is named. */
export const defaultKeyFile = (): string => join(homedir(), '.config', 'tocsin', 'approval-key.pem');

/** Writes a new private key and resolves to its public half, as the key ring wants it. Never writes over a file. */
export function makeKey(file: string): string {
  if (existsSync(file)) throw new CommandError(EXIT.refused, `${file} is there already; a key is never written over`);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  chmodSync(file, 0o600);
  return publicText(publicKey);
}

/** `reference`: a file, or `env:NAME`. Rejects with exit code 2 when it is missing, readable by others, or not in the key ring. */
export function loadKey(reference: string, ring: readonly ApproverKey[]): SigningKey {
  const privateKey = parse(reference, reference.startsWith('env:') ? readSecret(reference) : readOwn(reference));
  const text = publicText(createPublicKey(privateKey));
  const entry = ring.find(({ publicKey }) => publicText(publicKeyOf(publicKey)) === text);
  if (entry !== undefined) return { entry, privateKey };
  throw new CommandError(
    EXIT.refused,
    `the key of ${reference} is not in approvals.keys; its public key is ${text}. Somebody has to add it to the configuration.`,
  );
}

function readOwn(file: string): string {
  if (!existsSync(file))
    throw new CommandError(EXIT.refused, `there is no key ${file}; \`tocsin keys new\` makes one, --key names another`);
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0)
    throw new CommandError(EXIT.refused, `key ${file} has mode ${mode.toString(8)}, expected 600: others can read it`);
  return readFileSync(file, 'utf8');
}

function parse(reference: string, text: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // What it is instead is not told: it may be another secret.
  }
  throw new CommandError(EXIT.refused, `${reference} is no Ed25519 private key in PEM`);
}

const publicText = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');
