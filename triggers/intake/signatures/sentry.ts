/**
 * Sentry's `Sentry-Hook-Signature: <hex>`, keyed with the client secret of the integration. It covers the bytes of the body alone;
 * `Sentry-Hook-Timestamp` is not signed, so nothing is decided by it.
 */
import { matchesHmac } from './hmac-hex.ts';

/** `headers`: lower-case names. */
export function verify(
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
  _now: Date,
): boolean {
  return matchesHmac(raw, headers['sentry-hook-signature'] ?? '', secrets);
}
