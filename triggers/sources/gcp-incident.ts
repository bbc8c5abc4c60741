/** One incident of Google Cloud Monitoring (webhook schema 1.1 and 1.2): opens, closes, keeps its id. */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { type Json, idOf, isObject, located, scalarsOf, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

/** PagerDuty and others have incidents too: these fields are Google's. What passes a message on may leave the version out. */
export function isIncident({ incident, version }: Json): boolean {
  if (!isObject(incident)) return false;
  const has = ['started_at', 'policy_name', 'condition_name', 'resource_name'].filter((field) => field in incident);
  return ['string', 'number'].includes(typeof version) ? has.length > 0 : has.length >= 3 && 'state' in incident;
}

const STATES: Readonly<Record<string, AlertStatus>> = {
  open: 'firing',
  closed: 'resolved',
  acknowledged: 'acknowledged',
};

/** `delivery`: of the Pub/Sub message it came in. */
export function incidentAlert(request: SourceRequest, body: Json, delivery: Alert['delivery']): AlertResult {
  const { incident } = body;
  if (!isObject(incident)) return refuseItem('missing-incident', '/incident', 'expected an incident');
  const statusText = textOf(incident['state']);
  if (statusText === null) return refuseItem('missing-status', '/incident/state', 'expected "open" or "closed"');
  const url = textOf(incident['url']);
  const id = idOf(incident['incident_id']) ?? idInUrl(url);
  if (id === null) return refuseItem('missing-identity', '/incident/incident_id', 'expected the id of the incident');
  const word = statusText.toLowerCase();
  const started = timeAt(incident, 'started_at');
  const ended = timeAt(incident, 'ended_at');
  for (const time of [started, ended])
    if (time !== null && 'rejection' in time) return { ok: false, rejection: time.rejection };
  const documentation = inside(incident, 'documentation');
  const userLabels = inside(incident, 'policy_user_labels');
  return alertEvent(request, {
    key: `incident:${id}`,
    status: Object.hasOwn(STATES, word) ? (STATES[word] ?? 'unknown') : 'unknown',
    statusText,
    name: textOf(incident['policy_name']),
    // Policies that are older than the field have a label for it.
    severity: textOf(incident['severity']) ?? textOf(userLabels['severity']),
    started: started as TextAt | null,
    ended: ended as TextAt | null,
    title: textOf(documentation['subject']) ?? textOf(incident['summary']),
    description: textOf(documentation['content']) ?? textOf(incident['documentation']),
    labels: labelsOf(incident),
    resource: resourceOf(incident),
    location: locationOf(incident, url),
    links: { source: url, runbook: null, dashboard: null },
    delivery,
  });
}

const inside = (value: Json, field: string): Json => (isObject(value[field]) ? value[field] : {});

/** Some payloads leave the id out and still link to the incident, which the console has called an alert since 2025. */
const idInUrl = (url: string | null): string | null =>
  /\/(?:incidents|alerting\/alerts)\/([^/?#]+)/.exec(url ?? '')?.[1] ?? null;

function timeAt(incident: Json, field: string): TextAt | Extract<AlertResult, { ok: false }> | null {
  const value = incident[field];
  if (value === null || value === undefined) return null;
  const text = epochSeconds(value);
  const place = `/incident/${field}`;
  return text === null
    ? refuseItem('time-not-epoch', place, 'expected seconds since 1970')
    : { text, place, written: idOf(value) ?? JSON.stringify(value) };
}

function labelsOf(incident: Json): Readonly<Record<string, string>> {
  const condition = textOf(incident['condition_name']);
  const metadata = inside(incident, 'metadata');
  return {
    ...scalarsOf(metadata['system_labels']),
    ...scalarsOf(metadata['user_labels']),
    ...scalarsOf(inside(inside(incident, 'metric'), 'labels')),
    ...scalarsOf(inside(inside(incident, 'resource'), 'labels')),
    ...scalarsOf(incident['policy_user_labels']),
    ...(condition === null ? {} : { condition_name: condition }),
  };
}

function resourceOf(incident: Json): Alert['resource'] {
  const kind = textOf(inside(incident, 'resource')['type']);
  // A single space stands for "none" in some payloads.
  const id = textOf(textOf(incident['resource_id'])?.trim());
  const name = textOf(incident['resource_name']);
  return kind === null && id === null && name === null ? null : { kind, id, name };
}

function locationOf(incident: Json, url: string | null): Partial<Alert['location']> {
  const labels = inside(inside(incident, 'resource'), 'labels');
  const from = 'incident.resource.labels';
  // A zone is a region and a letter; the label `location` may hold either, or say that there is none.
  const place = labels['location'] === 'global' ? null : located(labels['location'], `${from}.location`);
  const isZone = place !== null && /-[a-z]$/.test(place.value);
  const project = /[?&]project=([^&#]+)/.exec(url ?? '')?.[1];
  // Machines of Amazon are watched, too: their region is written `aws:us-east-1`.
  const [, cloud, region = labels['region']] = /^(aws):(.+)$/.exec(textOf(labels['region']) ?? '') ?? [];
  return {
    cloud: located(cloud, `${from}.region`),
    account:
      located(labels['aws_account'], `${from}.aws_account`) ??
      located(labels['project_id'], `${from}.project_id`) ??
      located(incident['scoping_project_id'], 'incident.scoping_project_id') ??
      located(project, 'incident.url'),
    region: located(region, `${from}.region`) ?? (isZone ? null : place),
    zone: located(labels['zone'], `${from}.zone`) ?? (isZone ? place : null),
    cluster: located(labels['cluster_name'], `${from}.cluster_name`),
  };
}
