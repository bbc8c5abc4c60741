/**
 * PagerDuty's `X-PagerDuty-Signature: v1=<hex>[,v1=<hex>]`: several during a rotation of keys, one good one is enough. It covers the body
 * alone: a replay is caught by the delivery's derived ids, not here.
 */
import { matchesHmac } from './hmac-hex.ts';

/** More than any rotation needs; what is beyond is not looked at. */
const MAX_SIGNATURES = 10;

/** `headers`: lower-case names. */
export function verify(
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
  _now: Date,
): boolean {
  return (headers['x-pagerduty-signature'] ?? '')
    .slice(0, 4_096)
    .split(',')
    .slice(0, MAX_SIGNATURES)
    .flatMap((part) => /^\s*v1=([0-9a-f]{64})\s*$/i.exec(part)?.[1] ?? [])
    .map((signature) => matchesHmac(raw, signature, secrets))
    .includes(true);
}
