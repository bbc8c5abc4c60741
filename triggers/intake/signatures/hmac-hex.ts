/** HMAC-SHA256 of the exact bytes, as the hexadecimal text that webhooks carry. Every secret is tried, so that keys can be rotated. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** `signature`: 64 hexadecimal digits. The time taken says nothing about which secret, or which digit, was close. */
export function matchesHmac(content: Uint8Array, signature: string, secrets: readonly string[]): boolean {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const given = Buffer.from(signature, 'hex');
  // An empty secret would let everybody sign.
  return secrets
    .filter((secret) => secret !== '')
    .map((secret) => timingSafeEqual(createHmac('sha256', secret).update(content).digest(), given))
    .includes(true);
}
