/**
 * The Events APIs of PagerDuty answered in their own words, so that their clients work unchanged: 202 (v1: 200) with the key of the alert,
 * 400 with what is wrong, 429 (v1: 403) when there is too much, 503 when it cannot be stored now. Format: PagerDuty/api-schema
 * reference/events-v2 and events-v1.
 */
import { parseJson } from '../../events/json.ts';
import { idOf, isObject } from '../../sources/read.ts';
import { shortHash } from '../../nats/subject.ts';
import type { Outcome } from '../receive.ts';
import { type Answer, RETRY_AFTER_S } from './answer.ts';

export interface EventsApi {
  /** Behind the address of a sender: what clients append to the server that they are given. */
  readonly path: string;
  readonly accepted: number;
  readonly tooMany: number;
  /** What proves whose event it is, and what tells its alerts apart. */
  readonly secret: string;
  readonly key: string;
}

export const EVENTS_APIS: readonly EventsApi[] = [
  { path: '/v2/enqueue', accepted: 202, tooMany: 429, secret: 'routing_key', key: 'dedup_key' },
  {
    path: '/generic/2010-04-15/create_event.json',
    accepted: 200,
    tooMany: 403,
    secret: 'service_key',
    key: 'incident_key',
  },
];

export function pagerdutyAnswer(api: EventsApi, outcome: Outcome, raw: Uint8Array): Answer {
  switch (outcome.kind) {
    case 'accepted':
      return {
        status: api.accepted,
        body: { status: 'success', message: 'Event processed', [api.key]: alertKey(api, raw) },
      };
    case 'repeated':
    case 'control':
      return { status: api.accepted, body: { status: 'success', message: 'Event processed' } };
    case 'rejected':
      return invalid(outcome.rejected.map(({ place, message }) => `${place === '' ? '' : `${place}: `}${message}`));
    case 'refused':
      return invalid([outcome.status === 401 ? `${api.secret} is missing or unknown` : outcome.message]);
    case 'come-again':
      return again(503, 'unavailable', outcome.message);
  }
}

export const pagerdutyTooMany = ({ tooMany }: EventsApi): Answer =>
  again(tooMany, 'throttle exceeded', 'too many requests are in progress; send it again');

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
function alertKey({ key }: EventsApi, raw: Uint8Array): string {
  const parsed = parseJson(raw);
  const given = parsed.ok && isObject(parsed.value) ? idOf(parsed.value[key]) : null;
  return given ?? `bytes-${shortHash(Buffer.from(raw), 32)}`;
}
