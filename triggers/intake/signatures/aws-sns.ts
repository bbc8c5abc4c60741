/**
 * The signature of Amazon SNS, versions 1 (SHA-1) and 2 (SHA-256), which stands inside the envelope. Checks only against certificates it
 * is given; raw delivery is not signed and never passes. Format: docs.aws.amazon.com sns,
 * "Verifying the signatures of Amazon SNS messages".
 */
import { X509Certificate, verify as verifySignature } from 'node:crypto';
import { parseJson } from '../../events/json.ts';
import { type Json, isObject, textOf } from '../../sources/read.ts';

/** SNS tries for an hour at most and keeps the time of the message. */
const MAX_AGE_MS = 2 * 3_600_000;
const MAX_AHEAD_MS = 300_000;
const MAX_BYTES = 600_000;
const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const DIGESTS: Readonly<Record<string, string>> = { 1: 'sha1', 2: 'sha256' };

/** `certificates`: PEM. False also for what is older than two hours, and for a certificate that is not valid at `now`. */
export function verify(
  raw: Uint8Array,
  _headers: Readonly<Record<string, string>>,
  certificates: readonly string[],
  now: Date,
): boolean {
  const envelope = envelopeOf(raw);
  const text = envelope === null ? null : stringToSign(envelope);
  if (envelope === null || text === null || !isFresh(envelope, now)) return false;
  const version = textOf(envelope['SignatureVersion']) ?? '';
  const digest = Object.hasOwn(DIGESTS, version) ? DIGESTS[version] : undefined;
  const signature = textOf(envelope['Signature']) ?? '';
  if (digest === undefined || !/^[A-Za-z0-9+/]{4,2048}={0,2}$/.test(signature)) return false;
  const bytes = Buffer.from(signature, 'base64');
  return certificates.some((pem) => isSignedBy(pem, digest, Buffer.from(text), bytes, now));
}

/** `name\nvalue\n` of the fields of this type, in the order that AWS documents; null when one is not there. */
export function stringToSign(envelope: Json): string | null {
  const type = envelope['Type'];
  const confirms = type === 'SubscriptionConfirmation' || type === 'UnsubscribeConfirmation';
  if (!confirms && type !== 'Notification') return null;
  let text = '';
  for (const name of confirms ? CONFIRMATION : NOTIFICATION) {
    const value = envelope[name] ?? null;
    if (name === 'Subject' && value === null) continue;
    if (typeof value !== 'string') return null;
    text += `${name}\n${value}\n`;
  }
  return text;
}

/** What the message says of itself, unproven; null for what is no message and for more than one can hold. */
export function envelopeOf(raw: Uint8Array): Json | null {
  // A message has at most 256 KB; parsing more before knowing who sent it would be a gift.
  if (raw.length > MAX_BYTES) return null;
  const parsed = parseJson(raw);
  return parsed.ok && isObject(parsed.value) ? parsed.value : null;
}

function isFresh(envelope: Json, now: Date): boolean {
  const sent = Date.parse(textOf(envelope['Timestamp']) ?? '');
  const age = now.getTime() - sent;
  return Number.isFinite(sent) && age <= MAX_AGE_MS && age >= -MAX_AHEAD_MS;
}

function isSignedBy(pem: string, digest: string, text: Uint8Array, signature: Uint8Array, now: Date): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const valid = now >= new Date(certificate.validFrom) && now <= new Date(certificate.validTo);
    return (
      valid &&
      certificate.publicKey.asymmetricKeyType === 'rsa' &&
      verifySignature(digest, text, certificate.publicKey, signature)
    );
  } catch {
    // Not a certificate: it has signed nothing.
    return false;
  }
}
