/** Who may send. Fails closed: a sender without authentication is possible only in so many words and only on loopback. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

export type Auth =
  | { readonly kind: 'none' }
  /** `Authorization: Bearer ...`; a second token for the time of a rotation. */
  | { readonly kind: 'bearer'; readonly tokens: readonly string[] };

/** Throws when nobody could be told apart: no secret, or no authentication on an address that others reach. */
export function assertAuth(sender: string, auth: Auth, host: string): void {
  if (auth.kind === 'none') {
    if (isLoopback(host)) return;
    throw new Error(
      `sender ${sender} has auth "none" and the intake listens on ${host}; expected authentication, or a loopback address`,
    );
  }
  if (auth.tokens.length === 0 || auth.tokens.some((token) => token.length < MIN_TOKEN))
    throw new Error(`sender ${sender} needs one or two bearer tokens of at least ${MIN_TOKEN} characters`);
}

const MIN_TOKEN = 16;

export function isAllowed(auth: Auth, headers: Readonly<Record<string, string>>): boolean {
  if (auth.kind === 'none') return true;
  const given = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (given === undefined) return false;
  // Every token is compared, so that the time says nothing about which one was close.
  return auth.tokens.map((token) => sameText(token, given)).includes(true);
}

/** Hashes have equal lengths, which the comparison in constant time needs. */
const sameText = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
