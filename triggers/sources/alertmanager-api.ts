/**
 * Alerts as Alertmanager's API lists them: `GET /api/v2/alerts` and `/api/v2/alerts/groups`, and the older `/api/v1/alerts`. It is what one
 * falls back to when a webhook was truncated. Here the status is an object, and the end of a firing alert is a forecast. Read as well is
 * what Prometheus posts there.
 */
import type { Alert } from '../events/alert.ts';
import { type AlertmanagerForm, alertmanagerAlert } from './alertmanager-alert.ts';
import { isPrometheusPost, prometheusAlert } from './prometheus-post.ts';
import { type Json, MAX_ITEMS, inSteps, isObject, itemSteps, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source } from './source.ts';

/** `unprocessed`: nobody has looked yet whether it is silenced, so it counts as neither. */
const API: AlertmanagerForm = {
  statusOf: ({ status }) => ({
    text: isObject(status) ? textOf(status['state']) : null,
    field: isObject(status) ? 'status/state' : 'status',
  }),
  statuses: { active: 'firing', suppressed: 'suppressed', unprocessed: 'unknown' },
};

export const alertmanagerApi: Source = {
  kind: 'alertmanager-api',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) => {
    const items = listOf(body) ?? [];
    return items.some(({ kind, value }) => kind === 'alert' && (isApiAlert(value) || isPosted(value)));
  },
  // An item of a list of groups may be many alerts.
  itemsAt: (body) => {
    const [list, at] = alertsOf(body);
    return Array.isArray(list) && !list.some(isGroup) ? at : null;
  },
  ...inSteps(function* (request) {
    const items = listOf(request.body);
    if (items === null) return refuseAll('not-alertmanager', '', 'expected an array of alerts, or of groups of alerts');
    return yield* itemSteps(items, (item) => {
      const { kind, value, place, group } = item as Item;
      if (kind === 'bad-group') return refuseItem('not-a-group', place, 'expected an array of alerts');
      return isPrometheusPost(value)
        ? prometheusAlert(request, value, place)
        : alertmanagerAlert(request, value, place, group, API);
    });
  }),
};

const isApiAlert = (item: unknown): boolean =>
  isObject(item) && isObject(item['status']) && 'state' in item['status'] && isObject(item['labels']);

/** Nothing says whose array of labels it is but the names of its times, or of the alert. */
const isPosted = (item: unknown): boolean =>
  isPrometheusPost(item) &&
  isObject(item) &&
  ('startsAt' in item || (isObject(item['labels']) && textOf(item['labels']['alertname']) !== null));

interface Item {
  readonly kind: 'alert' | 'bad-group';
  readonly value: unknown;
  readonly place: string;
  readonly group: Alert['group'];
}

/** The list, and where it stands: the older API puts it into an envelope. */
const alertsOf = (body: unknown): readonly [list: unknown, at: string] =>
  isObject(body) && body['status'] === 'success' ? [body['data'], '/data'] : [body, ''];

const isGroup = (value: unknown): value is Json => isObject(value) && 'alerts' in value;

/** Alerts and groups in the order they came; null when the body is no list. */
function listOf(body: unknown): readonly Item[] | null {
  const [list, at] = alertsOf(body);
  if (!Array.isArray(list)) return null;
  const items: Item[] = [];
  for (const [index, each] of (list as unknown[]).entries()) {
    items.push(...itemsOf(each, `${at}/${index}`));
    // One more than is read, so that the reader sees that there are more.
    if (items.length > MAX_ITEMS) break;
  }
  return items;
}

function itemsOf(value: unknown, place: string): readonly Item[] {
  if (!isGroup(value)) return [{ kind: 'alert', value, place, group: null }];
  const { alerts } = value;
  if (!Array.isArray(alerts)) return [{ kind: 'bad-group', value, place: `${place}/alerts`, group: null }];
  const group = { key: null, size: alerts.length, truncated: null, reason: null };
  return alerts.slice(0, MAX_ITEMS + 1).map((alert: unknown, index) => ({
    kind: 'alert',
    value: alert,
    place: `${place}/alerts/${index}`,
    group,
  }));
}
