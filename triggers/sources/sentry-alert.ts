/** What Sentry reports as sick: an issue (by an alert rule, by its own life, or by the older plugin) or a metric. */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, firstLabel, idOf, isObject, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

const inside = (value: Json, field: string): Json => (isObject(value[field]) ? value[field] : {});
const statusIn = (states: Readonly<Record<string, AlertStatus>>, action: string): AlertStatus =>
  Object.hasOwn(states, action) ? (states[action] ?? 'unknown') : 'unknown';

const issueKey = (id: string): string => `issue:${id}`;
const noIssue = (place: string) => refuseItem('missing-identity', place, 'expected the id of the issue');

/** An alert rule on issues: it only ever triggers; the issue's own hook says when it is resolved. */
export function eventAlert(request: SourceRequest, action: string, data: Json): AlertResult {
  const event = inside(data, 'event');
  const place = '/data/event';
  const issue = idOf(event['issue_id']);
  if (issue === null) return noIssue(`${place}/issue_id`);
  return alertEvent(request, {
    key: issueKey(issue),
    status: statusIn({ triggered: 'firing' }, action),
    statusText: action,
    name: textOf(inside(data, 'issue_alert')['title']) ?? textOf(data['triggered_rule']),
    occurred: textAt(event['datetime'], `${place}/datetime`),
    ...eventFacts(event, 'data.event'),
    resource: projectOf(event['project']),
    links: { source: textOf(event['web_url']) ?? textOf(event['url']), runbook: null, dashboard: null },
    delivery: deliveryOf(request),
  });
}

const ISSUE_ACTIONS: Readonly<Record<string, AlertStatus>> = {
  created: 'firing',
  unresolved: 'firing',
  resolved: 'resolved',
  ignored: 'suppressed',
  archived: 'suppressed',
};

export function issueAlert(request: SourceRequest, action: string, data: Json): AlertResult {
  const issue = inside(data, 'issue');
  const place = '/data/issue';
  const id = idOf(issue['id']);
  if (id === null) return noIssue(`${place}/id`);
  const project = inside(issue, 'project');
  return alertEvent(request, {
    key: issueKey(id),
    status: statusIn(ISSUE_ACTIONS, action),
    statusText: action,
    name: textOf(issue['title']),
    severity: textOf(issue['level']),
    // An issue that comes back starts anew; when it was first seen belongs to an earlier time.
    started: action === 'created' ? textAt(issue['firstSeen'], `${place}/firstSeen`) : null,
    ...timeOfChange(request, action, textAt(issue['lastSeen'], `${place}/lastSeen`)),
    title: textOf(issue['title']),
    description: textOf(issue['culprit']),
    labels: present({ project: project['slug'], platform: issue['platform'], shortId: issue['shortId'] }),
    annotations: present({ firstSeen: issue['firstSeen'], lastSeen: issue['lastSeen'] }),
    resource: projectOf(project),
    links: { source: textOf(issue['web_url']) ?? textOf(issue['permalink']), runbook: null, dashboard: null },
    delivery: deliveryOf(request),
  });
}

/**
 * When somebody changed an issue is not said in it: the hook's own time is nearest. Its last event may be weeks older than its resolve, and
 * is no time of that. Without a time the bytes tell this change from the next one of the same kind.
 */
function timeOfChange(request: SourceRequest, action: string, lastSeen: TextAt | null) {
  if (action === 'created') return { occurred: lastSeen };
  const hook = hookTime(request);
  const occurred = hook ?? (action === 'resolved' ? null : lastSeen);
  return { occurred, ended: hook, occurrence: occurred === null ? request.rawSha256 : null };
}

/** Seconds since 1970, of the sending. */
export function hookTime({ headers }: SourceRequest): TextAt | null {
  const written = textOf(headers['sentry-hook-timestamp']);
  const text = epochSeconds(written);
  return text === null || written === null ? null : { text, place: '/headers/sentry-hook-timestamp', written };
}

const METRIC_ACTIONS: Readonly<Record<string, AlertStatus>> = {
  critical: 'firing',
  warning: 'firing',
  resolved: 'resolved',
};

export function metricAlert(request: SourceRequest, action: string, data: Json): AlertResult {
  const alert = inside(data, 'metric_alert');
  const place = '/data/metric_alert';
  const id = idOf(alert['id']);
  if (id === null) return refuseItem('missing-identity', `${place}/id`, 'expected the id of the metric alert');
  const rule = inside(alert, 'alert_rule');
  const status = statusIn(METRIC_ACTIONS, action);
  return alertEvent(request, {
    key: `metric-alert:${id}`,
    status,
    statusText: action,
    name: textOf(rule['name']) ?? textOf(alert['title']),
    severity: status === 'firing' ? action : null,
    // From warning to critical no time changes: that is no redelivery.
    occurrence: action,
    started: textAt(alert['date_started'], `${place}/date_started`),
    ended: textAt(alert['date_closed'], `${place}/date_closed`) ?? hookTime(request),
    title: textOf(data['description_title']) ?? textOf(alert['title']),
    description: textOf(data['description_text']),
    labels: present({ rule: idOf(rule['id']), environment: rule['environment'] }),
    links: { source: textOf(data['web_url']), runbook: null, dashboard: null },
    delivery: deliveryOf(request),
  });
}

/** The older plugin posts the issue with its newest event whenever a rule triggers. */
export function pluginAlert(request: SourceRequest, body: Json): AlertResult {
  const id = idOf(body['id']);
  if (id === null) return noIssue('/id');
  const event = inside(body, 'event');
  const rules = Array.isArray(body['triggering_rules']) ? (body['triggering_rules'] as readonly unknown[]) : [];
  return alertEvent(request, {
    key: issueKey(id),
    status: 'firing',
    statusText: 'triggered',
    name: textOf(rules[0]) ?? textOf(event['title']),
    occurred: secondsAt(event, 'timestamp') ?? secondsAt(event, 'received'),
    ...eventFacts({ message: body['message'], ...event, culprit: body['culprit'] ?? event['culprit'] }, 'event'),
    severity: textOf(body['level']) ?? textOf(event['level']),
    resource: {
      kind: 'project',
      id: textOf(body['project_slug']) ?? textOf(body['project']),
      name: textOf(body['project_name']),
    },
    links: { source: textOf(body['url']), runbook: null, dashboard: null },
  });
}

/** Only seconds since 1970: the times of the plugin's event are numbers. The oldest say only when Sentry received it. */
function secondsAt(event: Json, field: string): TextAt | null {
  const text = epochSeconds(event[field]);
  const written = idOf(event[field]) ?? JSON.stringify(event[field]);
  return text === null ? null : { text, place: `/event/${field}`, written };
}

/** `from`: dotted path of the event. */
function eventFacts(event: Json, from: string) {
  const tags = tagsOf(event['tags']);
  return {
    severity: textOf(event['level']),
    title: textOf(event['title']) ?? textOf(event['message']),
    description: textOf(event['culprit']),
    labels: { ...present({ environment: event['environment'], platform: event['platform'] }), ...tags },
    location: { region: firstLabel(tags, ['region', 'cloud.region', 'aws_region'], `${from}.tags.`) },
  };
}

/** Pairs of name and value. */
function tagsOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return labelsFrom(pairs.map((pair) => (Array.isArray(pair) ? [textOf(pair[0]), textOf(pair[1])] : [null, null])));
}

/** An object with id and slug, or the bare id. */
function projectOf(value: unknown): Alert['resource'] {
  if (!isObject(value)) return idOf(value) === null ? null : { kind: 'project', id: idOf(value), name: null };
  if (idOf(value['id']) === null) return null;
  return { kind: 'project', id: idOf(value['id']), name: textOf(value['slug']) ?? textOf(value['name']) };
}

const present = (values: Json): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const text = textOf(value);
      return text === null ? [] : [[name, text]];
    }),
  );

const deliveryOf = ({ headers }: SourceRequest): Alert['delivery'] => ({
  id: textOf(headers['request-id']),
  attempt: null,
});
