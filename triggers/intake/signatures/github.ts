/** GitHub's `X-Hub-Signature-256: sha256=<hex>`. It covers the body alone: a replay is caught by the delivery's derived ids, not here. */
import { matchesHmac } from './hmac-hex.ts';

/** The older SHA-1 header is not accepted. `headers`: lower-case names. */
export function verify(
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
  _now: Date,
): boolean {
  const signature = /^sha256=([0-9a-f]{64})$/i.exec(headers['x-hub-signature-256'] ?? '')?.[1];
  return signature !== undefined && matchesHmac(raw, signature, secrets);
}
