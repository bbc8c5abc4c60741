/**
 * The first Events API of PagerDuty (2010-04-15), which tools of before 2017 still speak. It knows no severity, no source and no time. The
 * service key is a secret, as the routing key that replaced it. Format: PagerDuty/api-schema reference/events-v1.
 */
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { labelsFrom, locationOfLabels } from './label-facts.ts';
import { ownerOf, statusOf } from './pagerduty-integration.ts';
import { type Json, firstLabel, idOf, scalarsOf, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

export const isEventsApiV1 = (body: Json): boolean =>
  'event_type' in body &&
  (textOf(body['service_key']) !== null ||
    ('incident_key' in body && statusOf(textOf(body['event_type']) ?? '') !== 'unknown'));

export function eventsApiV1(request: SourceRequest, body: Json): AlertResult {
  const type = textOf(body['event_type']);
  if (type === null)
    return refuseItem('missing-status', '/event_type', 'expected "trigger", "acknowledge" or "resolve"');
  const key = idOf(body['incident_key']);
  if (key === null && type !== 'trigger')
    return refuseItem(
      'missing-identity',
      '/incident_key',
      'expected the key of the alert; only a trigger may do without',
    );
  const title = textOf(body['description']);
  if (title === null && type === 'trigger')
    return refuseItem('missing-description', '/description', 'expected what has happened');
  const details = labelsFrom(Object.entries(scalarsOf(body['details'])));
  return alertEvent(request, {
    // As in the API that came after it: without a key of its own every trigger is another alert.
    key: `${ownerOf(body['service_key'])}:${key ?? `bytes-${request.rawSha256.slice(0, 32)}`}`,
    status: statusOf(type),
    statusText: type,
    name: title,
    title,
    labels: labelsFrom([['client', textOf(body['client'])]]),
    annotations: details,
    location: locationOfLabels(details, 'details.'),
    links: {
      source: textOf(body['client_url']),
      runbook: firstLabel(details, ['runbook_url', 'runbook'])?.value ?? null,
      dashboard: null,
    },
  });
}
