/**
 * What is kept of a request's bytes: all of them, but for the one secret that stands in a body, PagerDuty's integration key. It is covered
 * by as many asterisks, so that everything else stays where it was.
 */
import { jsonSteps } from '../events/json.ts';
import { inTurns } from '../events/steps.ts';
import { isObject, textOf } from '../sources/read.ts';

/** Of the Events API v2 and of v1. */
const SECRETS = ['routing_key', 'service_key'];

export async function keptBytes(kind: string, raw: Uint8Array): Promise<Uint8Array> {
  if (kind !== 'pagerduty') return raw;
  const keys = await secretsIn(raw);
  if (keys.length === 0) return raw;
  const kept = Buffer.from(raw);
  // The longest first: one may be a part of the other.
  for (const secret of keys.map((key) => Buffer.from(key)).toSorted((a, b) => b.length - a.length))
    for (let at = kept.indexOf(secret); at >= 0; at = kept.indexOf(secret, at + secret.length))
      kept.fill('*', at, at + secret.length);
  // Written with escapes it is not found: then nothing is kept rather than the secret.
  const left = await secretsIn(kept);
  return keys.some((key) => left.includes(key)) ? new Uint8Array() : kept;
}

async function secretsIn(raw: Uint8Array): Promise<readonly string[]> {
  const parsed = await inTurns(jsonSteps(raw));
  const value = parsed.ok ? parsed.value : parsed.faulty?.value;
  return isObject(value) ? SECRETS.flatMap((name) => textOf(value[name]) ?? []) : [];
}
