/**
 * What is kept of a request's bytes: all of them, but for the one secret that stands in a body, PagerDuty's routing key. It is covered by
 * as many asterisks, so that everything else stays where it was.
 */
import { jsonSteps } from '../events/json.ts';
import { inTurns } from '../events/steps.ts';
import { isObject, textOf } from '../sources/read.ts';

export async function keptBytes(kind: string, raw: Uint8Array): Promise<Uint8Array> {
  if (kind !== 'pagerduty') return raw;
  const key = await routingKey(raw);
  if (key === null || key === '') return raw;
  const secret = Buffer.from(key);
  const kept = Buffer.from(raw);
  for (let at = kept.indexOf(secret); at >= 0; at = kept.indexOf(secret, at + secret.length))
    kept.fill('*', at, at + secret.length);
  // Written with escapes it is not found: then nothing is kept rather than the secret.
  return (await routingKey(kept)) === key ? new Uint8Array() : kept;
}

async function routingKey(raw: Uint8Array): Promise<string | null> {
  const parsed = await inTurns(jsonSteps(raw));
  const value = parsed.ok ? parsed.value : parsed.faulty?.value;
  return isObject(value) ? textOf(value['routing_key']) : null;
}
