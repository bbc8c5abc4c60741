/**
 * Zabbix: what a webhook sends is made by its media type, so ours is shipped (docs/sources/zabbix-media-type.yaml); the template that
 * others document (hostname, trigger, status, link) is read too. A problem and its recovery are different events of one trigger.
 */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { parseJson } from '../events/json.ts';
import { type Json, firstLabel, isObject, readItems } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';
import { TEST } from './test-notification.ts';

export const zabbix: Source = {
  kind: 'zabbix',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) => isObject(body) && (isOurs(body) || isTemplate(body)),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-zabbix', '', 'expected the object that the media type sends');
    // The button "Test" of a media type leaves every macro as it is written.
    if (isOurs(body) && isMacro(body['event_id']) && isMacro(body['value'])) return TEST;
    return readItems([body], () => (isOurs(body) ? ours(request, body) : template(request, body)));
  },
};

const isOurs = (body: Json): boolean => body['sender'] === 'zabbix' && 'event_id' in body;

const isTemplate = (body: Json): boolean =>
  ['hostname', 'trigger', 'status', 'severity'].every((field) => typeof body[field] === 'string') && 'link' in body;

const isMacro = (value: unknown): boolean => typeof value === 'string' && /^\{[A-Z][A-Z0-9_.]*\}$/.test(value);

/** What a macro became; null when this version of Zabbix does not know it, or knew no value. */
function textOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text !== 'string' || text === '' || text === '*UNKNOWN*' || isMacro(text) ? null : text;
}

function ours(request: SourceRequest, body: Json): AlertResult {
  const value = textOf(body['value']);
  if (value === null) return refuseItem('missing-status', '/value', 'expected {EVENT.VALUE}: "1" (problem) or "0"');
  const event = textOf(body['event_id']);
  if (event === null) return refuseItem('missing-identity', '/event_id', 'expected {EVENT.ID}');
  const trigger = textOf(body['trigger_id']);
  const link = textOf(body['link']);
  const update = textOf(body['update_status']) === '1' ? textOf(body['update_action']) : null;
  const started = secondsAt(body, 'event_timestamp');
  const ended = secondsAt(body, 'recovery_timestamp');
  const tags = tagsOf(textOf(body['tags']));
  return alertEvent(request, {
    // Internal events have no trigger; their problem and recovery share {EVENT.ID}.
    key: trigger === null ? `event:${event}` : `trigger:${trigger}`,
    status: statusOf(value, update),
    statusText: update ?? value,
    occurrence: event,
    name: textOf(body['trigger_name']) ?? textOf(body['name']),
    severity: textOf(body['severity']),
    started,
    ended,
    title: textOf(body['name']),
    description: textOf(body['description']) ?? textOf(body['operational_data']),
    labels: { ...tags, ...labelsOf(body) },
    resource: hostOf(textOf(body['host_id']), textOf(body['host'])),
    location: {
      region: firstLabel(tags, ['region', 'aws_region', 'cloud_region'], 'tags.'),
      zone: firstLabel(tags, ['zone', 'availability_zone'], 'tags.'),
      cluster: firstLabel(tags, ['cluster'], 'tags.'),
    },
    // Where the address of the frontend is not configured, its macro stands in front.
    links: {
      source: link?.startsWith('http') === true ? link : null,
      runbook: textOf(body['trigger_url']),
      dashboard: null,
    },
    delivery: { id: event, attempt: null },
  });
}

function statusOf(value: string, update: string | null): AlertStatus {
  if (value === '0') return 'resolved';
  if (value !== '1') return 'unknown';
  const actions = update?.split(',').map((action) => action.trim().toLowerCase()) ?? [];
  if (actions.includes('acknowledged')) return 'acknowledged';
  return actions.some((action) => /^suppressed\b/.test(action)) ? 'suppressed' : 'firing';
}

const TEMPLATE_STATES: Readonly<Record<string, AlertStatus>> = {
  PROBLEM: 'firing',
  OK: 'resolved',
  RESOLVED: 'resolved',
};

/** It has no times, and its ids stand in the link only. The texts of a problem and its recovery differ, so they are no key. */
function template(request: SourceRequest, body: Json): AlertResult {
  const status = textOf(body['status']);
  if (status === null) return refuseItem('missing-status', '/status', 'expected "PROBLEM" or "OK"');
  const link = textOf(body['link']);
  const trigger = textOf(body['trigger_id']) ?? /[?&]triggerid=(\d+)/.exec(link ?? '')?.[1] ?? null;
  if (trigger === null) return refuseItem('missing-identity', '/link', 'expected an address with `triggerid=`');
  const name = textOf(body['trigger']);
  const item = textOf(body['item']);
  return alertEvent(request, {
    key: `trigger:${trigger}`,
    status: Object.hasOwn(TEMPLATE_STATES, status) ? (TEMPLATE_STATES[status] ?? 'unknown') : 'unknown',
    statusText: status,
    occurrence: /[?&]eventid=(\d+)/.exec(link ?? '')?.[1] ?? null,
    name,
    severity: textOf(body['severity']),
    title: name,
    description: item,
    labels: item === null ? {} : { item },
    resource: hostOf(null, textOf(body['hostname'])),
    links: { source: link, runbook: null, dashboard: null },
  });
}

const hostOf = (id: string | null, name: string | null): Alert['resource'] =>
  id === null && name === null ? null : { kind: 'host', id, name };

/** Dates and clock times are the server's local ones; only the epoch macros are instants. */
function secondsAt(body: Json, field: string): TextAt | null {
  const written = textOf(body[field]);
  const text = epochSeconds(written);
  return text === null || written === null ? null : { text, place: `/${field}`, written };
}

function labelsOf(body: Json): Readonly<Record<string, string>> {
  const names = ['host', 'host_ip', 'host_group', 'item'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = textOf(body[name]);
      return text === null ? [] : [[name, text]];
    }),
  );
}

/** {EVENT.TAGSJSON}: an array of tag and value; a tag without a value is a mark. */
function tagsOf(text: string | null): Readonly<Record<string, string>> {
  const parsed = text === null ? null : parseJson(Buffer.from(text));
  const tags = parsed?.ok === true && Array.isArray(parsed.value) ? (parsed.value as readonly unknown[]) : [];
  return Object.fromEntries(
    tags.flatMap((each): readonly (readonly [string, string])[] => {
      const { tag, value } = isObject(each) ? each : {};
      const isName = typeof tag === 'string' && tag !== '' && !FORBIDDEN.has(tag);
      return isName && typeof value === 'string' ? [[tag, value]] : [];
    }),
  );
}

/** As names of an event's fields these are refused wherever JSON is read. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
