/** Who may send. Fails closed: a sender without authentication is possible only in so many words and only on loopback. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { topicArn, verify as awsSns } from './signatures/aws-sns.ts';
import { verify as github } from './signatures/github.ts';
import { verify as grafana } from './signatures/grafana.ts';
import { verify as pagerduty } from './signatures/pagerduty.ts';
import { verify as sentry } from './signatures/sentry.ts';
import { verify as standardWebhooks } from './signatures/standard-webhooks.ts';

/** Checks a signature over the raw bytes; one per scheme, named as configuration names it. For `aws-sns` the secrets are pinned certificates. */
const SCHEMES = {
  'aws-sns': awsSns,
  github,
  grafana,
  pagerduty,
  sentry,
  'standard-webhooks': standardWebhooks,
} as const;
export type SignatureScheme = keyof typeof SCHEMES;
export const SIGNATURE_SCHEMES = Object.keys(SCHEMES) as readonly SignatureScheme[];

/** Secrets come in lists, for the time of a rotation. */
export type Auth =
  | { readonly kind: 'none' }
  /** `Authorization: Bearer <token>`. */
  | { readonly kind: 'bearer'; readonly secrets: readonly string[] }
  /** `Authorization: Basic <base64 of user:password>`. */
  | { readonly kind: 'basic'; readonly user: string; readonly secrets: readonly string[] }
  | {
      readonly kind: 'signature';
      readonly scheme: SignatureScheme;
      readonly secrets: readonly string[];
      /** For `aws-sns`: topics that may send. Amazon's certificate signs the topics of all its customers. */
      readonly topics?: readonly string[];
    };

export interface SignedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Uint8Array;
}

const MIN_SECRET = 8;

/** Throws when nobody could be told apart: no secret, or no authentication on an address that others reach. */
export function assertAuth(sender: string, auth: Auth, host: string): void {
  if (auth.kind === 'none') {
    if (isLoopback(host)) return;
    throw new Error(
      `sender ${sender} has auth "none" and the intake listens on ${host}; expected authentication, or a loopback address`,
    );
  }
  if (auth.kind === 'signature' && auth.scheme === 'aws-sns' && (auth.topics ?? []).length === 0)
    throw new Error(`sender ${sender} needs topics: Amazon's certificate signs the topics of all its customers`);
  if (auth.secrets.length === 0 || auth.secrets.some((secret) => secret.length < MIN_SECRET))
    throw new Error(
      `sender ${sender} needs one or two secrets of at least ${MIN_SECRET} characters for auth "${auth.kind}"`,
    );
}

export function isAllowed(auth: Auth, { headers, raw }: SignedRequest, now: Date): boolean {
  switch (auth.kind) {
    case 'none':
      return true;
    case 'bearer':
      return isOneOf(auth.secrets, /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]);
    case 'basic': {
      const pair = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(headers['authorization'] ?? '')?.[1];
      const wanted = auth.secrets.map((secret) => `${auth.user}:${secret}`);
      return isOneOf(wanted, pair === undefined ? undefined : Buffer.from(pair, 'base64').toString('utf8'));
    }
    case 'signature':
      return SCHEMES[auth.scheme](raw, headers, auth.secrets, now) && isFromTopic(auth, raw);
  }
}

const isFromTopic = ({ scheme, topics = [] }: Extract<Auth, { kind: 'signature' }>, raw: Uint8Array): boolean =>
  scheme !== 'aws-sns' || topics.includes(topicArn(raw) ?? '');

/** Every secret is compared, so that the time says nothing about which one was close. */
const isOneOf = (secrets: readonly string[], given: string | undefined): boolean =>
  given !== undefined && secrets.map((secret) => timingSafeEqual(sha256(secret), sha256(given))).includes(true);

/** Hashes have equal lengths, which the comparison in constant time needs. */
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
