/**
 * Grafana's optional HMAC: hexadecimal, over the body, or over `<unix seconds>:` and the body when a timestamp header is set. The names
 * of both headers are chosen in Grafana.
 */
import { matchesHmac } from './hmac-hex.ts';

export interface GrafanaHeaders {
  /** Lower case. */
  readonly signature: string;
  readonly timestamp: string;
}

const USUAL: GrafanaHeaders = { signature: 'x-grafana-alerting-signature', timestamp: 'x-grafana-alerting-timestamp' };
/** Grafana never tries again by itself, so a request is as old as its way here. */
const MAX_APART_MS = 300_000;

/** `headers`: lower-case names. With a timestamp, what is more than five minutes away from `now` is refused. */
export function verify(
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
  now: Date,
  names: GrafanaHeaders = USUAL,
): boolean {
  const signature = headers[names.signature] ?? '';
  const timestamp = headers[names.timestamp];
  // Else a signed timestamp could be moved from its header to the front of the body.
  if (timestamp === undefined) return !startsWithTimestamp(raw) && matchesHmac(raw, signature, secrets);
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Number(timestamp) * 1_000 - now.getTime()) > MAX_APART_MS) return false;
  return matchesHmac(Buffer.concat([Buffer.from(`${timestamp}:`), raw]), signature, secrets);
}

const startsWithTimestamp = (raw: Uint8Array): boolean =>
  /^\d+:/.test(Buffer.from(raw.subarray(0, 16)).toString('latin1'));
