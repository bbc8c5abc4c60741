/**
 * Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,<base64> ...` over `<id>.<timestamp>.<body>`. What is
 * older or newer than five minutes is refused. Format: standard-webhooks/standard-webhooks spec.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_S = 300;

/** `headers`: lower-case names. `secrets`: `whsec_<base64>`, or the key as plain text. */
export function verify(
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
  now: Date,
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (id === undefined || timestamp === undefined || signatures === undefined) return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE_S) return false;
  const given = signatures.split(' ').flatMap((each) => (each.startsWith('v1,') ? [each.slice(3)] : []));
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), raw]);
  // Every pair is compared, so that the time says nothing about which one was close.
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => {
      const expected = createHmac('sha256', keyOf(secret)).update(content).digest();
      return given.map((text) => sameBytes(Buffer.from(text, 'base64'), expected));
    })
    .includes(true);
}

/** The key behind `whsec_<base64>`, or the text itself. */
export const keyOf = (secret: string): Uint8Array =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
