/**
 * Prometheus Alertmanager webhooks, version 4 (and 3, which lacks fingerprints). A group holds firing and resolved alerts side by side,
 * so each alert's own status counts. Format: prometheus/alertmanager notify/webhook/webhook.go and template/template.go.
 */
import type { Alert } from '../events/alert.ts';
import { type AlertmanagerForm, alertmanagerAlert, isTestGroup } from './alertmanager-alert.ts';
import { isUnified } from './grafana.ts';
import { type Json, countOf, idOf, inSteps, isObject, itemSteps, textOf } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { Source } from './source.ts';
import { TEST } from './test-notification.ts';

const WEBHOOK: AlertmanagerForm = {
  statusOf: (item) => ({ text: textOf(item['status']), field: 'status' }),
  statuses: { firing: 'firing', resolved: 'resolved' },
};

/** Fields beside the alerts, of which a custom payload or a relay may leave some out. */
const ENVELOPE = ['groupKey', 'receiver', 'groupLabels', 'commonLabels', 'externalURL'];

export const alertmanager: Source = {
  kind: 'alertmanager',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) =>
    isObject(body) &&
    (isBare(body) || (Array.isArray(body['alerts']) && !isUnified(body) && ENVELOPE.some((field) => field in body))),
  itemsAt: () => '/alerts',
  ...inSteps(function* (request) {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-alertmanager', '', 'expected an object with an array `alerts`');
    if (isBare(body)) return yield* itemSteps([body], () => alertmanagerAlert(request, body, '', null, WEBHOOK));
    if (!Array.isArray(body['alerts'])) return refuseAll('not-alertmanager', '/alerts', 'expected an array of alerts');
    // What Grafana's Mimir alertmanager and others built on this code send as a test.
    if (isTestGroup(body['groupKey'])) return TEST;
    const group = groupOf(body, body['alerts'].length);
    return yield* itemSteps(body['alerts'], (item, index) =>
      alertmanagerAlert(request, item, `/alerts/${index}`, group, WEBHOOK),
    );
  }),
};

/** One alert without its group, as a relay passes it on. */
const isBare = (body: Json): boolean =>
  !('alerts' in body) &&
  isObject(body['labels']) &&
  'startsAt' in body &&
  Object.hasOwn(WEBHOOK.statuses, textOf(body['status']) ?? '');

const groupOf = (body: Json, size: number): Alert['group'] => ({
  // Version 3 sends a number here.
  key: idOf(body['groupKey']),
  size,
  truncated: countOf(body['truncatedAlerts']),
  reason: textOf(body['notification_reason']),
});
