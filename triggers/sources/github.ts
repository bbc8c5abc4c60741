/**
 * GitHub webhooks. The kind of event stands in the header `X-GitHub-Event`, what happened in `action`. Security alerts fire and resolve;
 * everything else (a deployment, a workflow run) is a plain event named after both. Format: docs.github.com, octokit/webhooks.
 */
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { FORM, formFields } from './form.ts';
import { isSecurityAlert, securityAlert } from './github-alert.ts';
import { type Json, isObject, readItems, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

export const github: Source = {
  kind: 'github',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : contentType === FORM ? 'bytes' : 'refused'),
  recognises: (request) => {
    const body = bodyOf(request);
    if (!isObject(body)) return false;
    if (textOf(request.headers['x-github-event']) !== null) return true;
    if (isPing(body)) return true;
    const about = [body['repository'], body['organization'], body['enterprise']].find(isObject);
    // Every event has these two; `node_id` is GitHub's own (GitLab and Gitea write similar hooks without it).
    return about !== undefined && textOf(about['node_id']) !== null && isObject(body['sender']);
  },
  toEvents: (request) => {
    const body = bodyOf(request);
    if (!isObject(body)) return refuseAll('not-github', '', 'expected a GitHub event as a JSON object or form');
    const event = textOf(request.headers['x-github-event']) ?? eventOf(body);
    if (event === null)
      return refuseAll('missing-event', '', 'expected the kind of event in the header X-GitHub-Event');
    if (!/^[a-z0-9_]{1,60}$/.test(event))
      return refuseAll('unknown-event', '', `X-GitHub-Event ${JSON.stringify(event.slice(0, 60))} is no event name`);
    if (event === 'ping')
      return { events: [], rejected: [], control: { kind: 'ping', answer: { status: 200, body: { ok: true } } } };
    return readItems([body], () =>
      isSecurityAlert(event) ? securityAlert(request, event, body) : change(request, event, body),
    );
  },
};

/** A hook may be set to send its JSON as the form field `payload`. */
function bodyOf({ body, raw }: SourceRequest): unknown {
  if (body !== null || raw.length === 0) return body;
  const payload = formFields(raw)['payload'];
  const parsed = payload === undefined ? null : parseJson(Buffer.from(payload));
  return parsed?.ok === true ? parsed.value : null;
}

const isPing = (body: Json): boolean => typeof body['zen'] === 'string' && 'hook_id' in body && isObject(body['hook']);

/** For payloads that come without the header (from a file): only what the content says beyond doubt. */
function eventOf(body: Json): string | null {
  if (isPing(body)) return 'ping';
  const { alert } = body;
  if (isObject(alert)) {
    if (isObject(alert['tool']) && isObject(alert['rule'])) return 'code_scanning_alert';
    if (isObject(alert['security_advisory'])) return 'dependabot_alert';
    return 'secret_type' in alert ? 'secret_scanning_alert' : null;
  }
  if (typeof body['before'] === 'string' && typeof body['after'] === 'string' && isObject(body['pusher']))
    return 'push';
  const known = [
    'deployment_status',
    'workflow_run',
    'workflow_job',
    'check_run',
    'check_suite',
    'deployment',
    'release',
  ];
  return known.find((name) => isObject(body[name])) ?? null;
}

function change(request: SourceRequest, event: string, body: Json): AlertResult {
  const action = body['action'] ?? null;
  // Some events have none.
  if (action !== null && (typeof action !== 'string' || !/^[a-z0-9_]{1,60}$/.test(action)))
    return refuseItem('bad-action', '/action', `expected a word, not ${JSON.stringify(action).slice(0, 60)}`);
  const name = ['github', event, ...(action === null ? [] : [action])].join('.').replaceAll('_', '-');
  const repository = isObject(body['repository']) ? textOf(body['repository']['full_name']) : null;
  return plainEvent(request, {
    name,
    // The same GUID comes with a manual redelivery.
    identity: [textOf(request.headers['x-github-delivery']) ?? request.rawSha256],
    occurred: timeOf(event, body),
    subject: repository ?? (isObject(body['organization']) ? textOf(body['organization']['login']) : null),
    data: body,
  });
}

/** When it happened, by the object that the event is about; null where it does not say. */
function timeOf(event: string, body: Json): TextAt | null {
  if (event === 'push') {
    const pushed = isObject(body['repository']) ? epochSeconds(body['repository']['pushed_at']) : null;
    return pushed === null ? null : { text: pushed, place: '/repository/pushed_at' };
  }
  const about = body[event];
  if (!isObject(about)) return null;
  for (const field of ['completed_at', 'updated_at', 'published_at', 'started_at', 'created_at']) {
    const found = textAt(about[field], `/${event}/${field}`);
    if (found !== null) return found;
  }
  return null;
}
