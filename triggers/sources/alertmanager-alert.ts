/**
 * One alert as Prometheus Alertmanager writes it, in its webhooks and in its API alike: labels, annotations, times and a fingerprint. The
 * key comes from the labels, so both ways of hearing of an alert agree on it.
 */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { escapeToken } from '../events/json-keys.ts';
import { type AlertFacts, type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { locationOfLabels, resourceOfLabels } from './label-facts.ts';
import { type Json, MAX_LABELS, isObject, scalarsOf, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';
import { sha256Of } from '../events/sha256-of.ts';

type Labels = Readonly<Record<string, string>>;

export interface AlertmanagerForm {
  /** The state as written, null where there is none, and the field that holds it. */
  readonly statusOf: (item: Json) => { readonly text: string | null; readonly field: string };
  readonly statuses: Readonly<Record<string, AlertStatus>>;
  /** What a sender of the same family says beyond that. */
  readonly more?: (item: Json, facts: AlertFacts) => Partial<AlertFacts>;
}

export function alertmanagerAlert(
  request: SourceRequest,
  item: unknown,
  place: string,
  group: Alert['group'],
  { statusOf, statuses, more }: AlertmanagerForm,
): AlertResult {
  if (!isObject(item)) return refuseItem('not-an-object', place, 'expected an alert object');
  const given = labelsOf(item['labels'], `${place}/labels`);
  if (!given.ok) return given;
  const { labels } = given;
  if (!isObject(item['annotations'] ?? {}))
    return refuseItem('bad-annotations', `${place}/annotations`, 'expected an object of strings');
  // Nobody is told apart by them: what is no text in them is no reason to lose the alert.
  const annotations = scalarsOf(item['annotations']);
  const { text: statusText, field } = statusOf(item);
  if (statusText === null) {
    const expected = Object.keys(statuses).join('", "');
    return refuseItem('missing-status', `${place}/${field}`, `expected one of "${expected}"; it is never guessed`);
  }
  const name = textOf(labels['alertname']);
  const facts: AlertFacts = {
    key: keyOf(name, textOf(item['fingerprint']), labels),
    status: Object.hasOwn(statuses, statusText) ? (statuses[statusText] ?? 'unknown') : 'unknown',
    statusText,
    name,
    severity: textOf(labels['severity']),
    started: timeAt(item, 'startsAt', place),
    ended: timeAt(item, 'endsAt', place),
    title: textOf(annotations['summary']) ?? textOf(annotations['title']) ?? name,
    description: textOf(annotations['description']) ?? textOf(annotations['message']),
    labels,
    annotations,
    resource: resourceOfLabels(labels),
    location: locationOfLabels(labels),
    links: {
      source: textOf(item['generatorURL']),
      runbook: textOf(annotations['runbook_url']) ?? textOf(annotations['runbook']),
      dashboard: textOf(annotations['dashboard_url']) ?? textOf(annotations['dashboard']),
    },
    group,
  };
  return alertEvent(request, { ...facts, ...more?.(item, facts) });
}

/** A label without a value is no label (Prometheus has none either); any other value than a text would be another key for somebody else. */
function labelsOf(
  value: unknown,
  place: string,
): { readonly ok: true; readonly labels: Labels } | Extract<AlertResult, { ok: false }> {
  const names = isObject(value) ? Object.keys(value) : [];
  if (!isObject(value) || names.length > MAX_LABELS)
    return refuseItem('bad-labels', place, `expected an object of strings with at most ${MAX_LABELS} labels`);
  let texts = 0;
  for (const name of names) {
    const label = value[name];
    if (typeof label === 'string') texts += 1;
    else if (label !== null)
      return refuseItem('bad-labels', `${place}/${escapeToken(name)}`, `expected a text, not ${typeof label}`);
  }
  if (texts === 0) return refuseItem('bad-labels', place, 'expected at least one label with a text');
  const given = value as Readonly<Record<string, string | null>>;
  return { ok: true, labels: texts === names.length ? (given as Labels) : withoutNulls(given) };
}

const withoutNulls = (labels: Readonly<Record<string, string | null>>): Labels =>
  Object.fromEntries(Object.entries(labels).filter((pair): pair is [string, string] => pair[1] !== null));

/**
 * The "Test" button of a contact point writes its name (any text), the fingerprint of the alert it made up and the time; before Grafana 10
 * the labels of that alert and the time. The group key of a real notification begins with its route and ends with its labels, in braces.
 */
export const isTestGroup = (groupKey: unknown): boolean =>
  typeof groupKey === 'string' &&
  (/^[^{].{0,1000}-[0-9a-f]{16}-\d{9,11}$/s.test(groupKey) || /^\{.{0,5000}\}\d{4}-\d\d-\d\d \d\d:/s.test(groupKey));

/**
 * A fingerprint is trusted to tell alerts apart, but some senders give one fingerprint to different labels: the labels' own hash stands
 * beside it. Without a fingerprint the labels alone say what is sick.
 */
function keyOf(name: string | null, fingerprint: string | null, labels: Labels): string {
  const names = Object.keys(labels).toSorted();
  const hash = sha256Of(JSON.stringify(names.map((each) => [each, labels[each]])));
  const readable = (name ?? 'unnamed').slice(0, 100);
  const key = fingerprint === null ? hash.slice(0, 24) : `${fingerprint.slice(0, 64)}-${hash.slice(0, 8)}`;
  // A cut may have halved a character.
  return `${readable}:${key}`.toWellFormed();
}

/** Something that is not text is no time either, and is refused like one. */
function timeAt(item: Json, field: string, place: string): TextAt | null {
  const value = item[field] ?? '';
  if (value === '') return null;
  return { text: typeof value === 'string' ? value : JSON.stringify(value), place: `${place}/${field}` };
}
