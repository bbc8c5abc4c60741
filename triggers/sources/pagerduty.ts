/**
 * PagerDuty, spoken both ways: its v3 webhooks (an incident changed there) and its Events APIs v2 and v1 (a monitoring tool reports to us
 * as it would to PagerDuty). Only changes of the incident's state fire or resolve. Format: developer.pagerduty.com, "v3 Overview" and "Events API v2".
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { eventsApi, isEventsApi } from './pagerduty-events.ts';
import { eventsApiV1, isEventsApiV1 } from './pagerduty-events-v1.ts';
import { incidentFacts, incidentKey } from './pagerduty-incident.ts';
import { isMessages, pagerdutyMessages } from './pagerduty-messages.ts';
import { type Json, idOf, inSteps, isObject, readItems, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

export const pagerduty: Source = {
  kind: 'pagerduty',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) =>
    isObject(body) && (isWebhook(body) || isEventsApi(body) || isEventsApiV1(body) || isMessages(body)),
  itemsAt: (body) => (isObject(body) && !isEventsApi(body) && isMessages(body) ? '/messages' : null),
  ...inSteps(function* (request) {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-pagerduty', '', 'expected a PagerDuty event as a JSON object');
    if (isEventsApi(body)) return readItems([body], () => eventsApi(request, body));
    if (isEventsApiV1(body)) return readItems([body], () => eventsApiV1(request, body));
    if (isMessages(body)) return yield* pagerdutyMessages(request, body['messages']);
    const { event } = body;
    if (!isObject(event)) return refuseAll('not-pagerduty', '/event', 'expected the event of a v3 webhook');
    if (event['event_type'] === 'pagey.ping')
      return { events: [], rejected: [], control: { kind: 'ping', answer: { status: 202, body: { ok: true } } } };
    return readItems([event], () => toEvent(request, event));
  }),
};

const isWebhook = ({ event }: Json): boolean =>
  isObject(event) && textOf(event['event_type']) !== null && 'resource_type' in event && 'data' in event;

/** Changes of state. All others (reassigned, annotated, a new priority) say nothing new of the sickness, whatever `status` they carry. */
const CHANGES: Readonly<Record<string, AlertStatus>> = {
  'incident.triggered': 'firing',
  'incident.reopened': 'firing',
  'incident.unacknowledged': 'firing',
  'incident.acknowledged': 'acknowledged',
  'incident.resolved': 'resolved',
};

function toEvent(request: SourceRequest, event: Json): AlertResult {
  const type = textOf(event['event_type']);
  if (type === null)
    return refuseItem('missing-status', '/event/event_type', 'expected a type such as incident.triggered');
  const data = isObject(event['data']) ? event['data'] : {};
  const occurred = textAt(event['occurred_at'], '/event/occurred_at');
  const status = Object.hasOwn(CHANGES, type) ? CHANGES[type] : undefined;
  if (status === undefined) return notice(request, type, event, data);
  const id = idOf(data['id']);
  if (id === null) return refuseItem('missing-identity', '/event/data/id', 'expected the id of the incident');
  const created = textAt(data['created_at'], '/event/data/created_at');
  const starts = type === 'incident.triggered' || type === 'incident.reopened';
  return alertEvent(request, {
    key: incidentKey(id),
    status,
    statusText: textOf(data['status']) ?? type,
    ...incidentFacts(data),
    // An incident that was reopened is sick anew.
    started: type === 'incident.reopened' ? occurred : (created ?? (starts ? occurred : null)),
    ended: occurred,
    occurred,
    labels: {
      event_type: type,
      ...labelOf('service', isObject(data['service']) ? data['service']['summary'] : null),
      ...labelOf('urgency', data['urgency']),
      ...labelOf('incident_key', data['incident_key']),
    },
    delivery: { id: textOf(event['id']), attempt: null },
  });
}

const labelOf = (name: string, value: unknown): Readonly<Record<string, string>> => {
  const text = textOf(value);
  return text === null ? {} : { [name]: text };
};

function notice(request: SourceRequest, type: string, event: Json, data: Json): AlertResult {
  if (!/^[a-z0-9_]+(\.[a-z0-9_]+){1,4}$/.test(type) || type.length > 100)
    return refuseItem('unknown-event', '/event/event_type', `${JSON.stringify(type.slice(0, 60))} is no event type`);
  const id = textOf(event['id']);
  if (id === null) return refuseItem('missing-identity', '/event/id', 'expected the id of the event');
  const incident = isObject(data['incident']) ? data['incident'] : data;
  return plainEvent(request, {
    name: `pagerduty.${type.replaceAll('_', '-')}`,
    identity: [id],
    occurred: textAt(event['occurred_at'], '/event/occurred_at'),
    subject: idOf(incident['id']),
    data: event,
  });
}
