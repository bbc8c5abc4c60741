/**
 * What is kept of a request's bytes: all of them, but for the one secret that stands in a body, PagerDuty's routing key. It is covered by
 * as many asterisks, so that everything else stays where it was.
 */
import { parseJson } from '../events/json.ts';
import { isObject, textOf } from '../sources/read.ts';

export function keptBytes(kind: string, raw: Uint8Array): Uint8Array {
  if (kind !== 'pagerduty') return raw;
  const key = routingKey(raw);
  if (key === null || key === '') return raw;
  const secret = Buffer.from(key);
  const kept = Buffer.from(raw);
  for (let at = kept.indexOf(secret); at >= 0; at = kept.indexOf(secret, at)) kept.fill('*', at, at + secret.length);
  // Written with escapes it is not found: then nothing is kept rather than the secret.
  return routingKey(kept) === key ? new Uint8Array() : kept;
}

function routingKey(raw: Uint8Array): string | null {
  const parsed = parseJson(raw);
  return parsed.ok && isObject(parsed.value) ? textOf(parsed.value['routing_key']) : null;
}
