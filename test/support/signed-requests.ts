/** How senders prove themselves: headers over the bytes of a request, and the signature inside a message of Amazon SNS. */
import { createHmac, sign } from 'node:crypto';
import { stringToSign } from '../../triggers/intake/signatures/aws-sns.ts';

export type Headers = Readonly<Record<string, string>>;

export const hmacHex = (secret: string, content: Uint8Array): string =>
  createHmac('sha256', secret).update(content).digest('hex');

/** Headers of senders that sign the bytes alone. */
export const signedHeaders = {
  github: (secret: string, raw: Uint8Array): Headers => ({ 'x-hub-signature-256': `sha256=${hmacHex(secret, raw)}` }),
  grafana: (secret: string, raw: Uint8Array): Headers => ({ 'x-grafana-alerting-signature': hmacHex(secret, raw) }),
  pagerduty: (secret: string, raw: Uint8Array): Headers => ({ 'x-pagerduty-signature': `v1=${hmacHex(secret, raw)}` }),
  sentry: (secret: string, raw: Uint8Array): Headers => ({ 'sentry-hook-signature': hmacHex(secret, raw) }),
} as const;

/** A message of SNS as Amazon sends it; version 2 unless it names another. `key`: PEM. */
export function signedSns(envelope: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  const fields = { SignatureVersion: '2', ...envelope };
  const digest = fields.SignatureVersion === '1' ? 'sha1' : 'sha256';
  const signature = sign(digest, Buffer.from(stringToSign(fields) ?? ''), key).toString('base64');
  return { ...fields, Signature: signature };
}

export const jsonBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** The same bytes but for one bit of one of them. */
export function flipped(raw: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(raw);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
