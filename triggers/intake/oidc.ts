/**
 * OpenID Connect tokens, as Google signs them for a Pub/Sub push: a JWT whose issuer, audience and service account must be the
 * configured ones. Keys come from the issuer and are kept for a bounded time, or from a pinned set where nothing may be fetched.
 */
import {
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
} from 'jose';
import { CannotTell } from './cannot-tell.ts';

export interface OidcAuth {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly audience: string;
  /** Service accounts that may send: anybody can have a token of the same issuer. */
  readonly emails: readonly string[];
  readonly keys: JWTVerifyGetKey;
}

/** Clocks of sender and receiver apart, seconds. */
const LEEWAY_S = 60;
const MAX_TOKEN_CHARACTERS = 8_192;
const ALGORITHMS = ['RS256', 'ES256'];

/** Rejects with CannotTell when the issuer's keys cannot be had now. */
export async function isOidcToken(auth: OidcAuth, token: string | undefined, now: Date): Promise<boolean> {
  if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) return false;
  try {
    const { payload } = await jwtVerify(token, auth.keys, {
      issuer: auth.issuer,
      audience: auth.audience,
      algorithms: ALGORITHMS,
      clockTolerance: LEEWAY_S,
      currentDate: now,
      requiredClaims: ['exp', 'iat', 'email'],
    });
    const issuedAhead = (payload.iat ?? Number.POSITIVE_INFINITY) * 1_000 - now.getTime() > LEEWAY_S * 1_000;
    return !issuedAhead && payload['email_verified'] === true && auth.emails.includes(String(payload['email']));
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

/** Keys of a pinned set. Throws when it is none. */
export function pinnedKeys(text: string): JWTVerifyGetKey {
  return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
}

const FETCH_TIMEOUT_MS = 5_000;
/** Kept this long; then fetched again at the next request. */
const MAX_AGE_MS = 3_600_000;
/** An unknown key id asks for the set again at most this often: anybody may send one. */
const UNKNOWN_KEY_MS = 60_000;
/** After a failure nothing is fetched for so long. */
const FAILED_MS = 5_000;

/** Keys of the issuer, fetched when they are needed. */
export function fetchedKeys(url: string, now: () => number = Date.now): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cacheMaxAge: MAX_AGE_MS,
    cooldownDuration: UNKNOWN_KEY_MS,
  });
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (header, token) => {
    if (now() - failedAt < FAILED_MS) throw new CannotTell(`the keys at ${url} could not be fetched a moment ago`);
    try {
      return await remote(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      failedAt = now();
      throw new CannotTell(`the keys at ${url} cannot be fetched`, { cause: error });
    }
  };
}
