/**
 * Prometheus Alertmanager webhooks, version 4 (and 3, which lacks fingerprints). A group holds firing and resolved alerts side by side,
 * so each alert's own status counts. Format: prometheus/alertmanager notify/webhook/webhook.go and template/template.go.
 */
import { createHash } from 'node:crypto';
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { type Json, countOf, firstLabel, isObject, labelsOf, readItems, textOf } from './read.ts';
import type { Source, SourceRequest, SourceResult } from './source.ts';

export const alertmanager: Source = {
  kind: 'alertmanager',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) =>
    isObject(body) &&
    Array.isArray(body['alerts']) &&
    // Grafana speaks almost the same and says so by these.
    !('orgId' in body || 'state' in body) &&
    ('groupKey' in body || 'receiver' in body || 'groupLabels' in body),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuse('not-alertmanager', '', 'expected an object with an array `alerts`');
    if (!Array.isArray(body['alerts'])) return refuse('not-alertmanager', '/alerts', 'expected an array of alerts');
    const group = groupOf(body);
    return readItems(body['alerts'], (item, index) => toEvent(request, item, `/alerts/${index}`, group));
  },
};

const refuse = (reason: string, place: string, message: string): SourceResult => ({
  events: [],
  rejected: [{ index: null, reason, place, message }],
});

const bad = (reason: string, place: string, message: string): AlertResult => ({
  ok: false,
  rejection: { reason, place, message },
});

function toEvent(request: SourceRequest, item: unknown, place: string, group: Alert['group']): AlertResult {
  if (!isObject(item)) return bad('not-an-object', place, 'expected an alert object');
  const labels = labelsOf(item['labels']);
  if (labels === null || Object.keys(labels).length === 0)
    return bad('bad-labels', `${place}/labels`, 'expected an object of strings with at least one label');
  const annotations = labelsOf(item['annotations'] ?? {});
  if (annotations === null) return bad('bad-annotations', `${place}/annotations`, 'expected an object of strings');
  const statusText = textOf(item['status']);
  if (statusText === null)
    return bad('missing-status', `${place}/status`, 'expected "firing" or "resolved"; it is never guessed');
  const name = textOf(labels['alertname']);
  return alertEvent(request, {
    key: keyOf(name, textOf(item['fingerprint']), labels),
    status: statusOf(statusText),
    statusText,
    name,
    severity: textOf(labels['severity']),
    started: timeAt(item, 'startsAt', place),
    ended: timeAt(item, 'endsAt', place),
    title: textOf(annotations['summary']) ?? textOf(annotations['title']) ?? name,
    description: textOf(annotations['description']) ?? textOf(annotations['message']),
    labels,
    annotations,
    resource: resourceOf(labels),
    location: {
      cloud: firstLabel(labels, ['cloud', 'cloud_provider', 'provider']),
      account: firstLabel(labels, ['account', 'account_id', 'aws_account_id', 'project_id', 'subscription_id']),
      region: firstLabel(labels, ['region', 'aws_region', 'cloud_region', 'topology_kubernetes_io_region']),
      zone: firstLabel(labels, ['zone', 'availability_zone', 'topology_kubernetes_io_zone']),
      cluster: firstLabel(labels, ['cluster', 'kubernetes_cluster', 'k8s_cluster', 'cluster_name']),
    },
    links: {
      source: textOf(item['generatorURL']),
      runbook: textOf(annotations['runbook_url']) ?? textOf(annotations['runbook']),
      dashboard: textOf(annotations['dashboard_url']) ?? textOf(annotations['dashboard']),
    },
    group,
  });
}

const groupOf = (body: Json): Alert['group'] => ({
  // Version 3 sends a number beyond 2^53 here: only text survives as it was.
  key: textOf(body['groupKey']),
  size: (body['alerts'] as readonly unknown[]).length,
  truncated: countOf(body['truncatedAlerts']),
  reason: textOf(body['notification_reason']),
});

const statusOf = (text: string): AlertStatus => (text === 'firing' || text === 'resolved' ? text : 'unknown');

/**
 * A fingerprint is trusted to tell alerts apart, but some senders give one fingerprint to different labels: the labels' own hash stands
 * beside it. Without a fingerprint the labels alone say what is sick.
 */
function keyOf(name: string | null, fingerprint: string | null, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
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

function resourceOf(labels: Readonly<Record<string, string>>): Alert['resource'] {
  const found = firstLabel(labels, ['pod', 'node', 'instance', 'host', 'service'], '');
  return found === null ? null : { kind: found.from, id: found.value, name: found.value };
}
