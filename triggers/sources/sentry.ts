/**
 * Sentry: hooks of the integration platform (what they are about stands in `Sentry-Hook-Resource`) and of the older webhooks plugin. A
 * metric alert's `action` is severity and state at once. Format: docs.sentry.io, getsentry/integration-platform-example.
 */
import type { AlertResult } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { type Json, idOf, isObject, readItems, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import { eventAlert, hookTime, issueAlert, metricAlert, pluginAlert } from './sentry-alert.ts';
import type { Source, SourceRequest } from './source.ts';

export const sentry: Source = {
  kind: 'sentry',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body, headers }) => {
    if (!isObject(body)) return false;
    if (textOf(headers['sentry-hook-resource']) !== null || isPlugin(body)) return true;
    const { installation } = body;
    return (
      typeof body['action'] === 'string' &&
      isObject(body['data']) &&
      isObject(installation) &&
      textOf(installation['uuid']) !== null
    );
  },
  toEvents: (request) => {
    const { body, headers } = request;
    if (!isObject(body)) return refuseAll('not-sentry', '', 'expected an object with `action` and `data`');
    const header = textOf(headers['sentry-hook-resource']);
    if (header === null && isPlugin(body)) return readItems([body], () => pluginAlert(request, body));
    const data = isObject(body['data']) ? body['data'] : {};
    const resource = header ?? resourceOf(data);
    if (resource === null)
      return refuseAll('missing-resource', '', 'expected what it is about in the header Sentry-Hook-Resource');
    // Somebody (un)installed the integration: it is about the hook itself.
    if (resource === 'installation')
      return {
        events: [],
        rejected: [],
        control: { kind: 'subscription', answer: { status: 200, body: { ok: true } } },
      };
    return readItems([body], () => toEvent(request, resource, body, data));
  },
};

/** The body of the older plugin: an event with the names of its project (only later ones with its slug) and its issue's address. */
const isPlugin = (body: Json): boolean =>
  ('project_slug' in body || ('project_name' in body && 'culprit' in body)) &&
  isObject(body['event']) &&
  idOf(body['id']) !== null &&
  typeof body['url'] === 'string';

/** For payloads that come without the header (from a file). */
function resourceOf(data: Json): string | null {
  if (isObject(data['metric_alert'])) return 'metric_alert';
  if (isObject(data['event'])) return 'event_alert';
  // It has the issue beside it.
  if (isObject(data['activity'])) return 'activity_alert';
  if ('comment_id' in data) return 'comment';
  if ('run_id' in data && 'group_id' in data) return 'seer';
  const known = ['issue', 'error', 'comment', 'installation'];
  return known.find((name) => isObject(data[name])) ?? null;
}

function toEvent(request: SourceRequest, resource: string, body: Json, data: Json): AlertResult {
  const action = textOf(body['action']);
  if (action === null) return refuseItem('missing-status', '/action', 'expected what happened, e.g. "triggered"');
  if (resource === 'event_alert') return eventAlert(request, action, data);
  if (resource === 'metric_alert') return metricAlert(request, action, data);
  // That somebody was assigned neither opens nor closes an issue.
  if (resource === 'issue' && action !== 'assigned') return issueAlert(request, action, data);
  if (!WORD.test(resource))
    return refuseItem('unknown-resource', '', `Sentry-Hook-Resource ${quoted(resource)} is no name`);
  if (!WORD.test(action))
    return refuseItem('unknown-event', '/action', `${quoted(action)} is not the name of an action`);
  return activity(request, `sentry.${resource}.${action}`.replaceAll('_', '-'), resource, body, data);
}

/** What happened around an issue. Comments and errors say when; for the others the hook's own time is nearest. */
function activity(request: SourceRequest, name: string, resource: string, body: Json, data: Json): AlertResult {
  const about = [data[resource], data['issue']].find(isObject) ?? {};
  return plainEvent(request, {
    name,
    identity: [request.rawSha256],
    occurred:
      textAt(data['timestamp'], '/data/timestamp') ??
      textAt(about['datetime'], `/data/${resource}/datetime`) ??
      hookTime(request),
    subject: textOf(about['title']) ?? idOf(data['issue_id']) ?? idOf(data['group_id']),
    severity: textOf(about['level']),
    data: body,
  });
}

const WORD = /^[a-z0-9_]{1,60}$/;
const quoted = (text: string): string => JSON.stringify(text.slice(0, 60));
