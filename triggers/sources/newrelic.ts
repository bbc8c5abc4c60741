/**
 * New Relic alerts: the default template of workflows (an issue with `state`) and the older notification channels (an incident with
 * `current_state`). Format: docs.newrelic.com, workflow variables and webhook notification channels.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { epochMillis } from '../events/epoch.ts';
import { type Json, epochAt, idOf, isObject, located, readItems, scalarsOf, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

/** Without regard to case. */
const STATUSES: Readonly<Record<string, AlertStatus>> = {
  created: 'firing',
  activated: 'firing',
  active: 'firing',
  open: 'firing',
  acknowledged: 'acknowledged',
  deactivated: 'resolved',
  closed: 'resolved',
};

export const newrelic: Source = {
  kind: 'newrelic',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) => isObject(body) && (isIncident(body) || isIssue(body)),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-newrelic', '', 'expected an issue or an incident as an object');
    const read = 'current_state' in body || 'incident_id' in body ? incident : issue;
    return readItems([body], () => read(request, body));
  },
};

/** A template of one's own may leave the account out. */
const isIncident = (body: Json): boolean =>
  'incident_id' in body &&
  ('condition_name' in body || 'policy_name' in body) &&
  ('account_id' in body || 'current_state' in body);

const isIssue = (body: Json): boolean =>
  'issueUrl' in body &&
  ('state' in body || 'trigger' in body) &&
  ('workflowName' in body || 'alertPolicyNames' in body);

function issue(request: SourceRequest, given: Json): AlertResult {
  const body = said(given);
  const id = idOf(body['id']) ?? idOf(body['issueId']) ?? partOf(body['issueUrl'], /\/issues\/([^/?#]+)/);
  if (id === null) return refuseItem('missing-identity', '/id', 'expected the id of the issue');
  const statusText = textOf(body['state']);
  if (statusText === null) return refuseItem('missing-status', '/state', 'expected a state such as "ACTIVATED"');
  // Acknowledging leaves an issue active: only what caused the notification says so.
  const trigger = textOf(body['trigger'])?.toUpperCase();
  const status = statusOf(statusText);
  const started = epochAt(body['createdAt'], '/createdAt', epochMillis);
  const updated = epochAt(body['updatedAt'], '/updatedAt', epochMillis);
  const acknowledged = status === 'firing' && trigger === 'ISSUE_ACKNOWLEDGED';
  // Correlated issues have several.
  const title = firstText(body['title']);
  return alertEvent(request, {
    key: `issue:${id}`,
    status: acknowledged ? 'acknowledged' : status,
    statusText,
    name: firstText(body['alertConditionNames']) ?? title,
    severity: textOf(body['priority']),
    started,
    ended: epochAt(body['closedAt'], '/closedAt', epochMillis) ?? updated,
    occurred: status === 'firing' && !acknowledged ? started : updated,
    title,
    labels: joined({
      workflow: body['workflowName'],
      trigger: body['trigger'],
      policies: body['alertPolicyNames'],
      conditions: body['alertConditionNames'],
      entities: body['impactedEntities'],
      sources: body['sources'],
    }),
    resource: resourceOf(firstText(body['impactedEntities'])),
    location: { account: located(partOf(body['issueUrl'], ACCOUNT), 'issueUrl') },
    links: { source: textOf(body['issueUrl']), runbook: null, dashboard: null },
  });
}

/** Its one time is that of the notification: when the incident began is not said. */
function incident(request: SourceRequest, given: Json): AlertResult {
  const body = said(given);
  // The id 0 is one, too.
  const id = idOf(body['incident_id']);
  if (id === null) return refuseItem('missing-identity', '/incident_id', 'expected the id of the incident');
  const statusText = textOf(body['current_state']);
  if (statusText === null) return refuseItem('missing-status', '/current_state', 'expected "open" or "closed"');
  const time = epochAt(body['timestamp'], '/timestamp', epochMillis);
  const target: unknown = Array.isArray(body['targets']) ? body['targets'][0] : null;
  const { account_id: account } = scalarsOf(body);
  return alertEvent(request, {
    key: `incident:${account ?? ''}:${id}`,
    status: statusOf(statusText),
    statusText,
    name: textOf(body['condition_name']),
    severity: textOf(body['severity']),
    ended: time,
    occurred: time,
    title: textOf(body['condition_name']),
    description: textOf(body['details']),
    labels: {
      ...(isObject(target) ? scalarsOf(target['labels']) : {}),
      ...joined({
        policy: body['policy_name'],
        condition: body['condition_name'],
        account: body['account_name'],
        owner: body['owner'],
      }),
    },
    resource: isObject(target)
      ? { kind: textOf(target['type']), id: idOf(target['id']), name: textOf(target['name']) }
      : null,
    location: {
      account: located(account, 'account_id') ?? located(partOf(body['incident_url'], ACCOUNT), 'incident_url'),
    },
    links: { source: textOf(body['incident_url']), runbook: textOf(body['runbook_url']), dashboard: null },
  });
}

const ACCOUNT = /\/accounts\/(\d+)\//;
const partOf = (url: unknown, part: RegExp): string | null => part.exec(textOf(url) ?? '')?.[1] ?? null;

/** Without the variables that had no value: New Relic writes "N/A" in their place. */
const said = (body: Json): Json => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== 'N/A'));

function statusOf(text: string): AlertStatus {
  const state = text.toLowerCase();
  return Object.hasOwn(STATUSES, state) ? (STATUSES[state] ?? 'unknown') : 'unknown';
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
const firstText = (value: unknown): string | null => textOf(listOf(value)[0]);
const resourceOf = (name: string | null) => (name === null ? null : { kind: null, id: null, name });

/** Lists as one text; what is empty is left out. */
function joined(values: Json): Readonly<Record<string, string>> {
  const all = Object.entries(values).map(([key, value]): [string, string] => [
    key,
    listOf(value)
      .filter((each) => typeof each === 'string')
      .join(','),
  ]);
  return Object.fromEntries(all.filter(([, text]) => text !== ''));
}
