/** Pingdom's state-change webhook: one check went up or down. Format: pingdom.com/resources/webhooks. */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, epochAt, idOf, isObject, readItems, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';
import { TEST } from './test-notification.ts';

/** Transaction checks fail and succeed, all others go down and up. */
const STATUSES: Readonly<Record<string, AlertStatus>> = {
  DOWN: 'firing',
  FAILING: 'firing',
  UP: 'resolved',
  SUCCESS: 'resolved',
  PAUSED: 'suppressed',
};

export const pingdom: Source = {
  kind: 'pingdom',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) =>
    isObject(body) && 'check_id' in body && 'current_state' in body && ('check_type' in body || 'check_name' in body),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-pingdom', '', 'expected a change of state as an object');
    if (isTest(body)) return TEST;
    return readItems([body], () => toEvent(request, body));
  },
};

/** The button "Test" sends a change of state of the check that says so in its descriptions alone. */
const isTest = (body: Json): boolean =>
  body['description'] === 'test' && (textOf(body['long_description']) ?? '').startsWith('This is a test message');

function toEvent(request: SourceRequest, body: Json): AlertResult {
  const id = idOf(body['check_id']);
  if (id === null) return refuseItem('missing-identity', '/check_id', 'expected the id of the check');
  const statusText = textOf(body['current_state']);
  if (statusText === null) return refuseItem('missing-status', '/current_state', 'expected "DOWN" or "UP"');
  const state = statusText.toUpperCase();
  const status = Object.hasOwn(STATUSES, state) ? (STATUSES[state] ?? 'unknown') : 'unknown';
  const changed = epochAt(body['state_changed_timestamp'], '/state_changed_timestamp', epochSeconds) ?? utcTime(body);
  const name = textOf(body['check_name']);
  const parameters = isObject(body['check_params']) ? body['check_params'] : {};
  return alertEvent(request, {
    key: `check:${id}`,
    status,
    statusText,
    name,
    severity: textOf(body['importance_level']),
    started: status === 'firing' ? changed : null,
    ended: changed,
    occurred: changed,
    title: name,
    description: textOf(body['long_description']) ?? textOf(body['description']),
    labels: labelsOf(body, parameters),
    resource: { kind: textOf(body['check_type']), id, name: textOf(parameters['hostname']) ?? name },
  });
}

/** The same in words: UTC, as its name says and its text does not. */
function utcTime(body: Json): TextAt | null {
  const time = textAt(body['state_changed_utc_time'], '/state_changed_utc_time');
  return time === null || /Z$/i.test(time.text) ? time : { ...time, text: `${time.text}Z`, written: time.text };
}

function labelsOf(body: Json, parameters: Json): Readonly<Record<string, string>> {
  const tags = Array.isArray(body['tags']) ? body['tags'].filter((tag) => typeof tag === 'string') : [];
  const probe = isObject(body['first_probe']) ? textOf(body['first_probe']['location']) : null;
  return labelsFrom([
    ['url', textOf(parameters['full_url'])],
    ['hostname', textOf(parameters['hostname'])],
    ['probe', probe],
    ['message', textOf(body['custom_message'])],
    ['tags', textOf(tags.join(','))],
  ]);
}
