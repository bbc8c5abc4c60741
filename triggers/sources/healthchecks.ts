/**
 * Healthchecks.io webhooks. Body or address are templates of one's own: ours (docs/sources/healthchecks.md), one that names the same
 * variables, or `$JSON`, the check as its API shows it. Format: healthchecks/healthchecks, webhook integration and management API v3.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { FORM, formFields } from './form.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, idOf, isObject, readItems, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';
import { TEST } from './test-notification.ts';

/** `grace` is late, but nobody is told yet. */
const STATUSES: Readonly<Record<string, AlertStatus>> = { down: 'firing', up: 'resolved', paused: 'suppressed' };
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

export const healthchecks: Source = {
  kind: 'healthchecks',
  methods: ['GET', 'PUT'],
  // Without a header of one's own it says no type.
  bodyOf: (contentType) => {
    if (contentType === FORM) return 'bytes';
    return contentType === null || contentType === 'application/json' ? 'json' : 'refused';
  },
  recognises: (request) => {
    const body = bodyOf(request);
    if (!isObject(body) || !('status' in body)) return false;
    const isCheck = 'n_pings' in body && 'grace' in body;
    const isTemplate = UUID.test(textOf(body['code']) ?? '') && 'name' in body && ('now' in body || 'tags' in body);
    return body['sender'] === 'healthchecks' || isCheck || isTemplate;
  },
  toEvents: (request) => {
    const body = bodyOf(request);
    if (!isObject(body)) return refuseAll('not-healthchecks', '', 'expected the variables of a check as an object');
    if (isTest(body)) return TEST;
    return readItems([body], () => toEvent(request, body));
  },
};

function bodyOf({ body, raw }: SourceRequest): unknown {
  const fields = body === null ? formFields(raw) : {};
  return Object.keys(fields).length === 0 ? body : fields;
}

/** The button "Test!" makes up a check of this name, with a code that no other will have. */
const isTest = (body: Json): boolean =>
  body['name'] === 'TEST' && ['tags', 'slug', 'desc'].every((field) => said(body[field]) === null);

function toEvent(request: SourceRequest, body: Json): AlertResult {
  const code = codeOf(body);
  if (code === null) return refuseItem('missing-identity', '/code', 'expected $CODE, the UUID of the check');
  const statusText = said(body['status']);
  if (statusText === null) return refuseItem('missing-status', '/status', 'expected $STATUS, "down" or "up"');
  const state = statusText.toLowerCase();
  const status = Object.hasOwn(STATUSES, state) ? (STATUSES[state] ?? 'unknown') : 'unknown';
  const now = said(body['now']);
  const occurred = now === null ? null : { text: now, place: '/now' };
  const name = said(body['name']);
  return alertEvent(request, {
    key: `check:${code}`,
    status,
    statusText,
    name,
    // A check changes its status when it is told of, once.
    started: status === 'firing' ? occurred : null,
    ended: occurred,
    occurred,
    // `$JSON` says no time: one outage is told from the next by the last sign of life before it.
    occurrence: said(body['last_ping']),
    title: name,
    description: said(body['desc']) ?? said(body['body']),
    labels: labelsFrom(['slug', 'tags', 'exit_status'].map((field) => [field, said(idOf(body[field]))] as const)),
    resource: { kind: 'check', id: code, name },
    links: { source: said(body['url']) ?? said(body['details_url']), runbook: null, dashboard: null },
  });
}

/** The API shows the UUID to keys that may write, a key of its own to those that may only read. */
function codeOf(body: Json): string | null {
  const inUrl = UUID.exec(said(body['ping_url']) ?? '')?.[0] ?? null;
  return said(body['code']) ?? said(body['uuid']) ?? inUrl ?? said(body['unique_key']);
}

/** A variable that Healthchecks does not know stays in the text as it is: then nothing was said. */
const said = (value: unknown): string | null => {
  const text = textOf(value);
  return text !== null && /^\$[A-Z][A-Z0-9_]*$/.test(text) ? null : text;
};
