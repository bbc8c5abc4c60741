/**
 * A sender that Tocsin has no source for: its configuration says where each fact stands in its JSON. What the mapping does not name stays
 * null; a state that it does not list is unknown.
 */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochMicros, epochMillis, epochNanos, epochOfAnyUnit, epochSeconds } from '../events/epoch.ts';
import { tokensOf, valueAt } from '../events/json-pointer.ts';
import { rfc1123 } from '../events/rfc1123.ts';
import { type GenericMapping, SEVERITIES } from './generic-mapping.ts';
import { labelsFrom } from './label-facts.ts';
import { epochAt, inSteps, itemSteps, readItems } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

export const GENERIC = 'generic';

export const createGeneric = (mapping: GenericMapping): Source => ({
  kind: GENERIC,
  bodyOf: (contentType) => (contentType === null || /[/+]json$/.test(contentType) ? 'json' : 'refused'),
  // Only the address says whose mapping it is.
  recognises: () => false,
  itemsAt: () => mapping.items ?? null,
  ...inSteps(function* (request) {
    const { body } = request;
    if (typeof body !== 'object' || body === null)
      return refuseAll('not-json', '', 'expected a JSON object, or an array of them');
    const at = mapping.items;
    if (at === undefined) return readItems([body], () => toEvent(request, mapping, body, ''));
    const items = valueAt(body, at);
    if (!Array.isArray(items)) return refuseAll('missing-items', at, 'expected an array of alerts');
    return yield* itemSteps(items, (item, index) => toEvent(request, mapping, item, `${at}/${index}`));
  }),
});

function toEvent(request: SourceRequest, mapping: GenericMapping, item: unknown, place: string): AlertResult {
  const text = (pointer: string | undefined): string | null =>
    pointer === undefined ? null : scalarText(valueAt(item, pointer));
  const key: string[] = [];
  for (const pointer of mapping.key) {
    const part = text(pointer);
    if (part === null)
      return refuseItem('missing-identity', place + pointer, 'expected a text or number that says what is sick');
    key.push(part);
  }
  const { status } = mapping;
  const statusText = text(status.at);
  if (statusText === null)
    return refuseItem('missing-status', place + status.at, `expected a state such as ${String(status.firing[0])}`);
  const occurred = timeAt(mapping.time, item, place);
  const title = text(mapping.title);
  const severity = text(mapping.severity);
  return alertEvent(request, {
    // One part stands as it is; of several none can pass for another's.
    key: key.length === 1 ? String(key[0]) : JSON.stringify(key),
    status: statusOf(status, statusText),
    statusText,
    name: title,
    severity,
    severityWord: SEVERITIES.find((word) => isAmong(mapping.severities?.[word], severity)) ?? null,
    started: timeAt(mapping.started, item, place),
    ended: occurred,
    occurred,
    title,
    description: text(mapping.description),
    labels: labelsFrom(Object.entries(mapping.labels ?? {}).map(([name, pointer]) => [name, text(pointer)] as const)),
    location: locationOf(mapping, text),
    links: { source: text(mapping.link), runbook: null, dashboard: null },
  });
}

/** A text that is not blank, a truth value, or a number. */
function scalarText(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** 1 and "1" are the same. */
const isAmong = (values: GenericMapping['status']['resolved'], text: string | null): boolean =>
  values?.some((value) => String(value) === text) === true;

const STATUSES = ['firing', 'resolved', 'acknowledged', 'suppressed'] as const;

const statusOf = (states: GenericMapping['status'], text: string): AlertStatus =>
  STATUSES.find((status) => isAmong(states[status], text)) ?? 'unknown';

const UNITS = {
  rfc3339: () => null,
  rfc1123,
  s: epochSeconds,
  ms: epochMillis,
  us: epochMicros,
  ns: epochNanos,
  any: epochOfAnyUnit,
} as const;

const timeAt = (time: GenericMapping['time'], item: unknown, place: string): TextAt | null =>
  time === undefined ? null : epochAt(valueAt(item, time.at), place + time.at, UNITS[time.unit]);

function locationOf({ location = {} }: GenericMapping, text: (pointer: string) => string | null) {
  const found: Partial<Record<keyof Alert['location'], Alert['location']['region']>> = {};
  for (const [name, pointer] of Object.entries(location)) {
    const value = text(pointer);
    if (value === null) continue;
    found[name as keyof Alert['location']] = { value: value.trim(), from: tokensOf(pointer).join('.') };
  }
  return found;
}
