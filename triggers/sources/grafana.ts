/**
 * Grafana's webhooks: unified alerting (a group of alerts as Alertmanager writes them, and more) and the legacy alerts of Grafana before
 * 9 (one rule). They are told apart from each other and from Alertmanager by content. Format: grafana/alerting receivers/webhook/v1.
 */
import type { Alert } from '../events/alert.ts';
import type { AlertFacts } from '../events/alert-event.ts';
import { type AlertmanagerForm, alertmanagerAlert, isTestGroup } from './alertmanager-alert.ts';
import { isLegacy, legacyAlert } from './grafana-legacy.ts';
import { type Json, countOf, inSteps, isObject, itemSteps, readItems, textOf } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { Source } from './source.ts';
import { TEST } from './test-notification.ts';

const UNIFIED: AlertmanagerForm = {
  statusOf: (item) => ({ text: textOf(item['status']), field: 'status' }),
  statuses: { firing: 'firing', resolved: 'resolved' },
  more: moreOf,
};

export const grafana: Source = {
  kind: 'grafana',
  methods: ['PUT'],
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) => isObject(body) && (isUnified(body) || isLegacy(body)),
  itemsAt: (body) => (isObject(body) && isUnified(body) ? '/alerts' : null),
  ...inSteps(function* (request) {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-grafana', '', 'expected a Grafana notification as a JSON object');
    if (isTest(body)) return TEST;
    if (isLegacy(body)) return readItems([body], () => legacyAlert(request, body));
    const { alerts } = body;
    if (!Array.isArray(alerts)) return refuseAll('not-grafana', '/alerts', 'expected an array of alerts');
    const group = groupOf(body, alerts.length);
    return yield* itemSteps(alerts, (item, index) =>
      alertmanagerAlert(request, item, `/alerts/${index}`, group, UNIFIED),
    );
  }),
};

/** Fields of Grafana's alerts that Alertmanager's have not. */
const OWN = ['silenceURL', 'dashboardURL', 'panelURL', 'valueString'];

/** Alertmanager sends version "4", no organisation, no state beside the status, and no addresses of dashboards. */
export const isUnified = (body: Json): boolean =>
  Array.isArray(body['alerts']) &&
  body['version'] !== '4' &&
  ('orgId' in body ||
    'state' in body ||
    body['alerts'].some((alert) => isObject(alert) && OWN.some((field) => field in alert)));

/** The "Test" buttons. */
function isTest(body: Json): boolean {
  if (isLegacy(body))
    return /^Someone is testing the alert notification within grafana/i.test(textOf(body['message']) ?? '');
  if (isTestGroup(body['groupKey'])) return true;
  const { alerts } = body;
  return Array.isArray(alerts) && alerts.length > 0 && alerts.every(isTestAlert);
}

const isTestAlert = (item: unknown): boolean =>
  isObject(item) &&
  isObject(item['labels']) &&
  item['labels']['alertname'] === 'TestAlert' &&
  item['labels']['instance'] === 'Grafana';

const groupOf = (body: Json, size: number): Alert['group'] => ({
  key: textOf(body['groupKey']),
  size,
  truncated: countOf(body['truncatedAlerts']),
  reason: textOf(body['notification_reason']),
});

/** Grafana's names for what Alertmanager has not; they become annotations. */
const EXTRAS = ['valueString', 'silenceURL', 'imageURL', 'ruleUID'];
/** Alerts about a rule that could not be evaluated; the rule's own name stands in a label. */
const ABOUT_A_RULE = new Set(['DatasourceNoData', 'DatasourceError']);

function moreOf(item: Json, { labels = {}, annotations = {}, name, title, links }: AlertFacts): Partial<AlertFacts> {
  const extras = EXTRAS.flatMap((field) => {
    const text = textOf(item[field]);
    return text === null ? [] : [[field, text] as const];
  });
  const rule = textOf(labels['rulename']);
  return {
    annotations: { ...Object.fromEntries(extras), ...annotations },
    title: title === name && rule !== null && ABOUT_A_RULE.has(name ?? '') ? `${name}: ${rule}` : (title ?? null),
    links: {
      source: absolute(item['generatorURL']),
      runbook: links?.runbook ?? null,
      dashboard: absolute(item['panelURL']) ?? absolute(item['dashboardURL']) ?? links?.dashboard ?? null,
    },
  };
}

/** Some versions write addresses that are relative, or the empty text. */
const absolute = (value: unknown): string | null => (/^https?:\/\//i.test(textOf(value) ?? '') ? textOf(value) : null);
