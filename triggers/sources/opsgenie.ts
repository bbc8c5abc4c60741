/**
 * Opsgenie's webhook integration (and Jira Service Management's, which kept it): one action on one alert. Actions that open, take or close
 * an alert change its status; the others (a note, a tag, another owner) are plain events. Format: support.atlassian.com/opsgenie, webhooks.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochOfAnyUnit } from '../events/epoch.ts';
import { plainEvent } from '../events/plain-event.ts';
import { labelsFrom, locationOfLabels, resourceOfLabels } from './label-facts.ts';
import { type Json, epochAt, idOf, isObject, readItems, scalarsOf, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

const STATUSES: Readonly<Record<string, AlertStatus>> = {
  Create: 'firing',
  // Open again, and nobody's.
  UnAcknowledge: 'firing',
  // Open again, and notified again.
  SnoozeEnded: 'firing',
  Acknowledge: 'acknowledged',
  Snooze: 'suppressed',
  Close: 'resolved',
  // Nothing more will be heard of a deleted alert.
  Delete: 'resolved',
};
/** Documented actions that leave the status as it is. */
const ACTIVITY = new Set([
  'AddDetails',
  'AddNote',
  'AddRecipient',
  'AddResponder',
  'AddTags',
  'AddTeam',
  'AssignOwnership',
  'Escalate',
  'EscalateNext',
  'RemoveDetails',
  'RemoveResponder',
  'RemoveTags',
  'TakeOwnership',
  'UpdateDescription',
  'UpdateMessage',
  'UpdatePriority',
]);

export const opsgenie: Source = {
  kind: 'opsgenie',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) =>
    isObject(body) &&
    'action' in body &&
    isObject(body['alert']) &&
    'alertId' in body['alert'] &&
    (isDocumented(body['action']) || 'integrationName' in body || 'integrationId' in body || 'tinyId' in body['alert']),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-opsgenie', '', 'expected an object with `action` and `alert`');
    return readItems([body], () => toEvent(request, body));
  },
};

/** Jira Service Management may leave out which integration it was. */
const isDocumented = (action: unknown): boolean =>
  typeof action === 'string' && (Object.hasOwn(STATUSES, action) || ACTIVITY.has(action));

function toEvent(request: SourceRequest, body: Json): AlertResult {
  const { action, alert } = body;
  if (!isObject(alert)) return refuseItem('missing-alert', '/alert', 'expected the alert as an object');
  const id = idOf(alert['alertId']);
  if (id === null) return refuseItem('missing-identity', '/alert/alertId', 'expected the id of the alert');
  const statusText = textOf(action);
  if (statusText === null) return refuseItem('missing-status', '/action', 'expected an action such as "Create"');
  const updated = timeAt(alert, 'updatedAt');
  if (ACTIVITY.has(statusText))
    return plainEvent(request, {
      name: `opsgenie.${statusText.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase()}`,
      identity: [id, updated?.text ?? request.rawSha256],
      occurred: updated,
      subject: id,
      data: body,
    });
  const details = scalarsOf(alert['details']);
  const priority = alert['priority'];
  const entity = textOf(alert['entity']);
  const started = timeAt(alert, 'createdAt');
  return alertEvent(request, {
    key: id,
    status: Object.hasOwn(STATUSES, statusText) ? (STATUSES[statusText] ?? 'unknown') : 'unknown',
    statusText,
    // Without an alias of its own an alert has its id as one.
    name: (alert['alias'] === id ? null : textOf(alert['alias'])) ?? textOf(alert['message']),
    severity: idOf(priority),
    // Some versions write P3 as the number 3.
    severityWord: /^[1-5]$/.test(idOf(priority) ?? '') ? `P${idOf(priority)}` : null,
    started,
    ended: updated,
    occurred: statusText === 'Create' ? started : updated,
    occurrence: statusText,
    title: textOf(alert['message']),
    description: textOf(alert['description']),
    labels: { ...details, ...labelsOf(body, alert) },
    resource: entity === null ? resourceOfLabels(details) : { kind: null, id: null, name: entity },
    location: locationOfLabels(details, 'alert.details.'),
    annotations: labelsFrom([['note', textOf(alert['note'])]]),
  });
}

/** `updatedAt` is documented in nanoseconds and seen in milliseconds, as `createdAt` is: their sizes tell. */
const timeAt = (alert: Json, field: 'createdAt' | 'updatedAt'): TextAt | null =>
  epochAt(alert[field], `/alert/${field}`, epochOfAnyUnit);

function labelsOf(body: Json, alert: Json): Readonly<Record<string, string>> {
  const tags = Array.isArray(alert['tags']) ? alert['tags'].filter((tag) => typeof tag === 'string') : [];
  const { alias, tinyId, entity, source, username, owner } = scalarsOf(alert);
  const given = { alias, tinyId, entity, source, username, owner, integration: textOf(body['integrationName']) };
  const all = Object.entries({ ...given, tags: tags.join(',') });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''));
}
