/** PagerDuty's v2 webhooks, retired but still sent by some integrations: a list of messages, each about one incident as it is now. */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { incidentFacts, incidentKey } from './pagerduty-incident.ts';
import { type Json, idOf, isObject, itemSteps, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { Steps } from '../events/steps.ts';
import type { SourceRequest, SourceResult } from './source.ts';

const CHANGES: Readonly<Record<string, AlertStatus>> = {
  'incident.trigger': 'firing',
  'incident.unacknowledge': 'firing',
  'incident.acknowledge': 'acknowledged',
  'incident.resolve': 'resolved',
};

export const isMessages = (body: Json): body is Json & { readonly messages: readonly unknown[] } =>
  Array.isArray(body['messages']) &&
  body['messages'].some(
    (message) =>
      isObject(message) &&
      isObject(message['incident']) &&
      (textOf(message['event'])?.startsWith('incident.') === true || 'log_entries' in message),
  );

export const pagerdutyMessages = (request: SourceRequest, messages: readonly unknown[]): Steps<SourceResult> =>
  itemSteps(messages, (message, index) => toEvent(request, message, `/messages/${index}`));

function toEvent(request: SourceRequest, message: unknown, place: string): AlertResult {
  if (!isObject(message) || !isObject(message['incident']))
    return refuseItem('not-an-object', `${place}/incident`, 'expected a message with its incident');
  const { incident } = message;
  const id = idOf(incident['id']);
  if (id === null) return refuseItem('missing-identity', `${place}/incident/id`, 'expected the id of the incident');
  const type = textOf(message['event']);
  if (type === null)
    return refuseItem('missing-status', `${place}/event`, 'expected an event such as incident.trigger');
  const occurred =
    textAt(message['created_on'], `${place}/created_on`) ??
    textAt(incident['last_status_change_at'], `${place}/incident/last_status_change_at`);
  const status = Object.hasOwn(CHANGES, type) ? CHANGES[type] : undefined;
  if (status === undefined) {
    if (!/^incident\.[a-z_]{1,60}$/.test(type))
      return refuseItem('unknown-event', `${place}/event`, `${JSON.stringify(type.slice(0, 60))} is no event`);
    return plainEvent(request, {
      name: `pagerduty.${type.replaceAll('_', '-')}`,
      identity: [textOf(message['id']) ?? [id, occurred?.text ?? null]],
      occurred,
      subject: id,
      data: message,
    });
  }
  return alertEvent(request, {
    key: incidentKey(id),
    status,
    statusText: textOf(incident['status']) ?? type,
    ...incidentFacts(incident),
    started: textAt(incident['created_at'], `${place}/incident/created_at`),
    ended: textAt(incident['last_status_change_at'], `${place}/incident/last_status_change_at`) ?? occurred,
    occurred,
    labels: { event_type: type },
    delivery: { id: textOf(message['id']), attempt: null },
  });
}
