/** Alerts of Grafana's dashboards before version 9: the state of one rule, without any time. */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { labelsFrom, locationOfLabels, resourceOfLabels } from './label-facts.ts';
import { type Json, firstLabel, idOf, isObject, scalarsOf, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

const STATES: Readonly<Record<string, AlertStatus>> = {
  alerting: 'firing',
  ok: 'resolved',
  no_data: 'unknown',
  pending: 'unknown',
  unknown: 'unknown',
  paused: 'suppressed',
};

export const isLegacy = (body: Json): boolean =>
  !('alerts' in body) && 'ruleId' in body && ('ruleName' in body || 'ruleUrl' in body || 'evalMatches' in body);

export function legacyAlert(request: SourceRequest, body: Json): AlertResult {
  const rule = idOf(body['ruleId']);
  if (rule === null) return refuseItem('missing-identity', '/ruleId', 'expected the id of the rule');
  const state = textOf(body['state']);
  if (state === null)
    return refuseItem('missing-status', '/state', `expected one of "${Object.keys(STATES).join('", "')}"`);
  const labels = labelsFrom(Object.entries(scalarsOf(body['tags'])));
  const name = textOf(body['ruleName']);
  const organisation = idOf(body['orgId']);
  return alertEvent(request, {
    key: organisation === null ? `rule:${rule}` : `org:${organisation}:rule:${rule}`,
    status: statusOf(state),
    statusText: state,
    name,
    severity: firstLabel(labels, ['severity'])?.value ?? null,
    title: textOf(body['title']) ?? name,
    description: textOf(body['message']),
    labels,
    annotations: labelsFrom(matchesOf(body)),
    resource: resourceOfLabels(labels),
    location: locationOfLabels(labels, 'tags.'),
    links: { source: textOf(body['ruleUrl']), runbook: null, dashboard: null },
  });
}

function statusOf(text: string): AlertStatus {
  const state = text.toLowerCase();
  return Object.hasOwn(STATES, state) ? (STATES[state] ?? 'unknown') : 'unknown';
}

/** The series that matched, with their values. */
function matchesOf(body: Json): readonly (readonly [string | null, string | null])[] {
  const matches: readonly unknown[] = Array.isArray(body['evalMatches']) ? body['evalMatches'] : [];
  return matches.slice(0, 100).map((match) => {
    if (!isObject(match)) return [null, null];
    const value = match['value'] ?? null;
    return [textOf(match['metric']), idOf(value) ?? (value === null ? null : JSON.stringify(value))];
  });
}
