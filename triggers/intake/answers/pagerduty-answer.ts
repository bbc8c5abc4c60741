/**
 * The Events API v2 of PagerDuty answered in its own words, so that its clients work unchanged: 202 with the key of the alert, 400 with
 * what is wrong, 429 when there is too much, 503 when it cannot be stored now. Format: PagerDuty/api-schema reference/events-v2.
 */
import { parseJson } from '../../events/json.ts';
import { isObject, textOf } from '../../sources/read.ts';
import { shortHash } from '../../nats/subject.ts';
import type { Outcome } from '../receive.ts';
import { type Answer, RETRY_AFTER_S } from './answer.ts';

export function pagerdutyAnswer(outcome: Outcome, raw: Uint8Array): Answer {
  switch (outcome.kind) {
    case 'accepted':
      return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: dedupKey(raw) } };
    case 'repeated':
    case 'control':
      return { status: 202, body: { status: 'success', message: 'Event processed' } };
    case 'rejected':
      return invalid(outcome.rejected.map(({ place, message }) => `${place === '' ? '' : `${place}: `}${message}`));
    case 'refused':
      return invalid([outcome.status === 401 ? 'routing_key is missing or unknown' : outcome.message]);
    case 'come-again':
      return again(503, 'unavailable', outcome.message);
  }
}

export const pagerdutyTooMany = (): Answer =>
  again(429, 'throttle exceeded', 'too many requests are in progress; send it again');

const invalid = (reasons: readonly string[]): Answer => ({
  status: 400,
  body: { status: 'invalid event', message: 'Event object is invalid', errors: reasons },
});

const again = (status: number, what: string, message: string): Answer => ({
  status,
  headers: { 'retry-after': String(RETRY_AFTER_S) },
  body: { status: what, message, errors: [message] },
});

/** The key with which this alert is resolved; a trigger without one is known by its bytes, as its source reads it. */
function dedupKey(raw: Uint8Array): string {
  const parsed = parseJson(raw);
  const given = parsed.ok && isObject(parsed.value) ? textOf(parsed.value['dedup_key']) : null;
  return given ?? `bytes-${shortHash(Buffer.from(raw), 32)}`;
}
