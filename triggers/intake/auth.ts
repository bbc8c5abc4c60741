/** Who may send. Fails closed: a sender without authentication is possible only in so many words and only on loopback. */
import { type X509Certificate, createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { parseJson } from '../events/json.ts';
import { isObject, textOf } from '../sources/read.ts';
import { type MtlsAuth, isAllowedCertificate } from './client-certificate.ts';
import { type OidcAuth, isOidcToken } from './oidc.ts';
import { envelopeOf, verify as awsSns } from './signatures/aws-sns.ts';
import { verify as github } from './signatures/github.ts';
import { verify as grafana } from './signatures/grafana.ts';
import { verify as pagerduty } from './signatures/pagerduty.ts';
import { verify as sentry } from './signatures/sentry.ts';
import type { SnsCertificates } from './signatures/sns-certificates.ts';
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
  | SignatureAuth
  /** The `routing_key` of PagerDuty's Events API v2 (`service_key` of v1) in the body, or `X-Routing-Key`. */
  | { readonly kind: 'routing-key'; readonly secrets: readonly string[] }
  /** `Authorization: Bearer <token of an identity provider>`. */
  | OidcAuth
  | MtlsAuth;

export interface SignatureAuth {
  readonly kind: 'signature';
  readonly scheme: SignatureScheme;
  readonly secrets: readonly string[];
  /** For `aws-sns`: topics that may send. Amazon's certificate signs the topics of all its customers. */
  readonly topics?: readonly string[];
  /** For `aws-sns` without pinned certificates: where they come from. */
  readonly certificates?: SnsCertificates;
}

export interface SignedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Uint8Array;
  /** Of the connection, once the configured authority is known to have signed it. */
  readonly certificate?: X509Certificate | null;
}

export interface Listener {
  readonly host: string;
  /** Whether clients are asked for certificates. */
  readonly clientCertificates: boolean;
}

const MIN_SECRET = 8;

/** Throws when nobody could be told apart: no secret, or no authentication on an address that others reach. */
export function assertAuth(sender: string, auth: Auth, { host, clientCertificates }: Listener): void {
  switch (auth.kind) {
    case 'none':
      if (isLoopback(host)) return;
      throw new Error(
        `sender ${sender} has auth "none" and the intake listens on ${host}; expected authentication, or a loopback address`,
      );
    case 'oidc':
      if (auth.emails.length > 0 && auth.audience !== '') return;
      throw new Error(`sender ${sender} needs an audience and the emails of service accounts for auth "oidc"`);
    case 'mtls':
      if (!clientCertificates)
        throw new Error(
          `sender ${sender} has auth "mtls"; expected intake.tls with clientCa, which signs who may connect`,
        );
      if (auth.names.length + auth.fingerprints.length > 0) return;
      throw new Error(`sender ${sender} needs names or fingerprints of certificates for auth "mtls"`);
    case 'bearer':
    case 'basic':
    case 'routing-key':
      return assertSecrets(sender, auth);
    case 'signature':
      return assertSignature(sender, auth);
  }
}

function assertSignature(sender: string, auth: SignatureAuth): void {
  if (auth.scheme !== 'aws-sns') return assertSecrets(sender, auth);
  if ((auth.topics ?? []).length === 0)
    throw new Error(`sender ${sender} needs topics: Amazon's certificate signs the topics of all its customers`);
  if (auth.certificates === undefined) assertSecrets(sender, auth);
}

function assertSecrets(sender: string, { kind, secrets }: Extract<Auth, { secrets: unknown }>): void {
  if (secrets.length === 0 || secrets.some((secret) => secret.length < MIN_SECRET))
    throw new Error(
      `sender ${sender} needs one or two secrets of at least ${MIN_SECRET} characters for auth "${kind}"`,
    );
}

/** Rejects with CannotTell when a key that is needed cannot be fetched now. */
export async function isAllowed(auth: Auth, request: SignedRequest, now: Date): Promise<boolean> {
  const { headers } = request;
  switch (auth.kind) {
    case 'none':
      return true;
    case 'bearer':
      return isOneOf(auth.secrets, bearerOf(headers));
    case 'basic': {
      const pair = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(headers['authorization'] ?? '')?.[1];
      const wanted = auth.secrets.map((secret) => `${auth.user}:${secret}`);
      return isOneOf(wanted, pair === undefined ? undefined : Buffer.from(pair, 'base64').toString('utf8'));
    }
    case 'signature':
      return isSigned(auth, request, now);
    case 'routing-key':
      return isOneOf(auth.secrets, routingKeyOf(request));
    case 'oidc':
      return isOidcToken(auth, bearerOf(headers), now);
    case 'mtls':
      return isAllowedCertificate(auth, request.certificate ?? null, now);
  }
}

const bearerOf = (headers: SignedRequest['headers']): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];

/** PagerDuty takes 512 KB; parsing more before knowing who sent it would be a gift. */
const MAX_EVENT_BYTES = 524_288;

function routingKeyOf({ raw, headers }: SignedRequest): string | undefined {
  const parsed = raw.length > MAX_EVENT_BYTES ? null : parseJson(raw);
  const event = parsed?.ok === true && isObject(parsed.value) ? parsed.value : {};
  return textOf(event['routing_key']) ?? textOf(event['service_key']) ?? headers['x-routing-key'];
}

async function isSigned(auth: SignatureAuth, { raw, headers }: SignedRequest, now: Date): Promise<boolean> {
  if (auth.scheme !== 'aws-sns') return SCHEMES[auth.scheme](raw, headers, auth.secrets, now);
  const { topics = [], certificates } = auth;
  const envelope = envelopeOf(raw);
  // Before anything is fetched: a stranger's topic is no reason to.
  if (envelope === null || !topics.includes(textOf(envelope['TopicArn']) ?? '')) return false;
  if (certificates === undefined) return awsSns(raw, headers, auth.secrets, now);
  const certificate = await certificates(textOf(envelope['SigningCertURL']) ?? '');
  return certificate !== null && awsSns(raw, headers, [certificate], now);
}

/** Every secret is compared, so that the time says nothing about which one was close. */
const isOneOf = (secrets: readonly string[], given: string | undefined): boolean =>
  given !== undefined && secrets.map((secret) => timingSafeEqual(sha256(secret), sha256(given))).includes(true);

/** Hashes have equal lengths, which the comparison in constant time needs. */
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
