/**
 * The Events API v2 of PagerDuty, inbound: whatever can report to PagerDuty can report to Tocsin. The routing key is a secret, so that
 * only its hash goes on. Format: PagerDuty/api-schema reference/events-v2.
 */
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { firstLabel, type Json, idOf, isObject, scalarsOf, textAt, textOf } from './read.ts';
import { labelsFrom, locationOfLabels } from './label-facts.ts';
import { ownerOf, statusOf } from './pagerduty-integration.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

export const isEventsApi = (body: Json): boolean =>
  ('event_action' in body && ('dedup_key' in body || 'routing_key' in body || isObject(body['payload']))) ||
  ('routing_key' in body && isObject(body['payload']));

export function eventsApi(request: SourceRequest, body: Json): AlertResult {
  const payload = isObject(body['payload']) ? body['payload'] : {};
  const action = textOf(body['event_action']);
  // Change events have no action and no severity.
  if (!('event_action' in body) && !('severity' in payload) && !('dedup_key' in body))
    return change(request, body, payload);
  if (action === null)
    return refuseItem('missing-status', '/event_action', 'expected "trigger", "acknowledge" or "resolve"');
  const dedup = idOf(body['dedup_key']);
  if (dedup === null && action !== 'trigger')
    return refuseItem('missing-identity', '/dedup_key', 'expected the key of the alert; only a trigger may do without');
  if (action === 'trigger' && !isObject(body['payload']))
    return refuseItem('missing-payload', '/payload', 'expected the payload of the alert');
  const details = labelsFrom(Object.entries(scalarsOf(payload['custom_details'])));
  const source = textOf(payload['source']);
  const fields = ['source', 'component', 'group', 'class'].map((name) => [name, textOf(payload[name])] as const);
  const occurred = textAt(payload['timestamp'], '/payload/timestamp');
  const title = textOf(payload['summary']);
  return alertEvent(request, {
    // Without a key of its own every trigger is another alert; the same bytes again are the same one.
    key: `${ownerOf(body['routing_key'])}:${dedup ?? `bytes-${request.rawSha256.slice(0, 32)}`}`,
    status: statusOf(action),
    statusText: action,
    name: textOf(payload['class']) ?? title,
    severity: textOf(payload['severity']),
    ended: occurred,
    occurred,
    title,
    labels: labelsFrom(fields),
    annotations: details,
    resource: source === null ? null : { kind: null, id: source, name: source },
    location: locationOfLabels(details, 'payload.custom_details.'),
    links: {
      source: textOf(body['client_url']),
      runbook: firstLabel(details, ['runbook_url', 'runbook'])?.value ?? null,
      dashboard: null,
    },
  });
}

function change(request: SourceRequest, body: Json, payload: Json): AlertResult {
  const summary = textOf(payload['summary']);
  if (summary === null) return refuseItem('missing-summary', '/payload/summary', 'expected a summary of the change');
  const { routing_key: _secret, ...data } = body;
  return plainEvent(request, {
    name: 'pagerduty.change',
    identity: [request.rawSha256],
    occurred: textAt(payload['timestamp'], '/payload/timestamp'),
    subject: textOf(payload['source']),
    data,
  });
}
