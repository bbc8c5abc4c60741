/**
 * GitHub webhooks. The kind of event stands in the header `X-GitHub-Event`, what happened in `action`. Security alerts fire and resolve;
 * everything else (a deployment, a workflow run) is a plain event named after both. Format: docs.github.com, octokit/webhooks.
 */
import type { AlertResult } from '../events/alert-event.ts';
import { parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { FORM, formFields } from './form.ts';
import { isSecurityAlert, securityAlert } from './github-alert.ts';
import { eventOf, isAdvisory, isPing, timeOf } from './github-event.ts';
import { type Json, isObject, readItems, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

export const github: Source = {
  kind: 'github',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : contentType === FORM ? 'bytes' : 'refused'),
  recognises: (request) => {
    const body = bodyOf(request);
    if (!isObject(body)) return false;
    if (textOf(request.headers['x-github-event']) !== null) return true;
    if (isPing(body) || isAdvisory(body)) return true;
    // `node_id` is GitHub's own (GitLab and Gitea write similar hooks without it). What GitHub itself finds may have no sender.
    const about = [body['sender'], body['repository'], body['organization'], body['enterprise']].filter(isObject);
    return about.some((each) => textOf(each['node_id']) !== null);
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

function change(request: SourceRequest, event: string, body: Json): AlertResult {
  // Some events have none; that of a repository_dispatch is whatever its caller wrote, and stays in the data.
  const action = event === 'repository_dispatch' ? null : (body['action'] ?? null);
  if (action !== null && (typeof action !== 'string' || !/^[a-z0-9_]{1,60}$/.test(action)))
    return refuseItem('bad-action', '/action', `expected a word, not ${JSON.stringify(action).slice(0, 60)}`);
  const name = ['github', event, ...(action === null ? [] : [action])].join('.').replaceAll('_', '-');
  const repository = isObject(body['repository']) ? textOf(body['repository']['full_name']) : null;
  return plainEvent(request, {
    name,
    // The same GUID comes with a manual redelivery.
    identity: [textOf(request.headers['x-github-delivery']) ?? request.rawSha256],
    occurred: timeOf(event, action, body),
    subject: repository ?? (isObject(body['organization']) ? textOf(body['organization']['login']) : null),
    data: body,
  });
}
