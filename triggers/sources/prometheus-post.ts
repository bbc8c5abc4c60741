/**
 * What Prometheus itself posts to Alertmanager's API (`POST /api/v2/alerts`): no status and no fingerprint. An alert whose end has come is
 * resolved; the end of any other is a forecast (it holds until Prometheus has told of it four times more). Both are read as Alertmanager
 * reads them, so the key is the one of its webhooks.
 */
import { readInstant } from '../events/instant.ts';
import type { AlertResult } from '../events/alert-event.ts';
import { type AlertmanagerForm, alertmanagerAlert } from './alertmanager-alert.ts';
import { labelFingerprint } from './label-fingerprint.ts';
import { isObject, scalarsOf } from './read.ts';
import { CLOCK_IN_DOUBT, refuseItem } from './refuse.ts';
import { type SourceRequest, latestOf } from './source.ts';

const STATUSES: AlertmanagerForm['statuses'] = { firing: 'firing', resolved: 'resolved' };

const ORIGIN = ['startsAt', 'endsAt', 'generatorURL'];
/** All that may be posted; of these only labels must be. */
const POSTED = new Set(['labels', 'annotations', ...ORIGIN]);

export const isPrometheusPost = (item: unknown): boolean =>
  isObject(item) &&
  isObject(item['labels']) &&
  !('status' in item) &&
  !('fingerprint' in item) &&
  (ORIGIN.some((field) => field in item) || Object.keys(item).every((field) => POSTED.has(field)));

export function prometheusAlert(request: SourceRequest, item: unknown, place: string): AlertResult {
  const ended = isObject(item) ? hasEnded(item['endsAt'], request) : false;
  if (ended === null)
    return refuseItem(
      CLOCK_IN_DOUBT,
      `${place}/endsAt`,
      'whether this has come depends on which of two clocks is right',
    );
  const status = ended ? 'resolved' : 'firing';
  const form: AlertmanagerForm = { statusOf: () => ({ text: status, field: 'endsAt' }), statuses: STATUSES };
  const known = isObject(item) ? { ...item, fingerprint: labelFingerprint(scalarsOf(item['labels'])) } : item;
  return alertmanagerAlert(request, known, place, null, form);
}

/** An end that cannot be read leaves the alert firing; what is not set, or lies ahead, is no end. Null: by one of two clocks it has come, by the other it has not. */
function hasEnded(end: unknown, request: SourceRequest): boolean | null {
  const { receivedAt, earliest = receivedAt } = request;
  const latest = request.earliest === undefined ? receivedAt : latestOf(request);
  const read = typeof end === 'string' ? readInstant(end, latest) : null;
  if (read?.ok !== true || read.utc === null) return false;
  const endMs = Date.parse(read.utc);
  if (endMs <= Date.parse(earliest)) return true;
  return endMs <= Date.parse(latest) ? null : false;
}
