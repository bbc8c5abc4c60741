/** PagerDuty's v2 and v1 webhooks, retired but still sent by some integrations: a list of messages, each about one incident as it is now. */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
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
      incidentOf(message, '') !== null &&
      (eventOf(message)?.startsWith('incident.') === true || 'log_entries' in message),
  );

/** The incident and its JSON Pointer; version 1 put it a level deeper. */
function incidentOf(message: Json, place: string): { readonly incident: Json; readonly at: string } | null {
  const { incident, data } = message;
  if (isObject(incident)) return { incident, at: `${place}/incident` };
  const inner = isObject(data) ? data['incident'] : null;
  return isObject(inner) ? { incident: inner, at: `${place}/data/incident` } : null;
}

/** Version 1 calls it the type. */
const eventOf = (message: Json): string | null => textOf(message['event']) ?? textOf(message['type']);

export const pagerdutyMessages = (request: SourceRequest, messages: readonly unknown[]): Steps<SourceResult> =>
  itemSteps(messages, (message, index) => toEvent(request, message, `/messages/${index}`));

function toEvent(request: SourceRequest, message: unknown, place: string): AlertResult {
  const found = isObject(message) ? incidentOf(message, place) : null;
  if (!isObject(message) || found === null)
    return refuseItem('not-an-object', `${place}/incident`, 'expected a message with its incident');
  const { incident, at } = found;
  const id = idOf(incident['id']);
  if (id === null) return refuseItem('missing-identity', `${at}/id`, 'expected the id of the incident');
  const type = eventOf(message);
  if (type === null)
    return refuseItem('missing-status', `${place}/event`, 'expected an event such as incident.trigger');
  const changed = timeAt(incident, 'last_status_change', at);
  const occurred = textAt(message['created_on'], `${place}/created_on`) ?? changed;
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
    started: timeAt(incident, 'created', at),
    ended: changed ?? occurred,
    occurred,
    labels: { event_type: type },
    delivery: { id: textOf(message['id']), attempt: null },
  });
}

/** Version 1 ends its names in `_on`. */
const timeAt = (incident: Json, name: string, place: string): TextAt | null =>
  textAt(incident[`${name}_at`], `${place}/${name}_at`) ?? textAt(incident[`${name}_on`], `${place}/${name}_on`);
