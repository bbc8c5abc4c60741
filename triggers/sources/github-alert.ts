/** GitHub's security alerts (Dependabot, code scanning, secret scanning): a numbered alert of a repository that opens and closes. */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { type Json, idOf, isObject, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

const KINDS = new Set(['dependabot_alert', 'code_scanning_alert', 'secret_scanning_alert']);

export const isSecurityAlert = (event: string): boolean => KINDS.has(event);

/** A dismissed alert is closed at GitHub, and opens anew when it is reopened: it is over, not muted. */
const STATES: Readonly<Record<string, AlertStatus>> = {
  open: 'firing',
  fixed: 'resolved',
  resolved: 'resolved',
  dismissed: 'resolved',
  auto_dismissed: 'resolved',
};

/**
 * Webhooks of secret scanning carry no state, only a resolution once there is one; code scanning writes null for an alert that is not on
 * the default branch. A state that is absent otherwise is missing.
 */
function stateOf(event: string, alert: Json): string | null {
  const state = textOf(alert['state']);
  if (state !== null) return state;
  if (event === 'secret_scanning_alert' && 'resolution' in alert)
    return alert['resolution'] === null ? 'open' : 'resolved';
  return alert['state'] === null ? 'null' : null;
}

export function securityAlert(request: SourceRequest, event: string, body: Json): AlertResult {
  const { alert } = body;
  if (!isObject(alert)) return refuseItem('missing-alert', '/alert', 'expected the alert');
  const repository = isObject(body['repository']) ? textOf(body['repository']['full_name']) : null;
  if (repository === null) return refuseItem('missing-identity', '/repository/full_name', 'expected owner/name');
  const number = idOf(alert['number']);
  if (number === null) return refuseItem('missing-identity', '/alert/number', 'expected the number of the alert');
  const state = stateOf(event, alert);
  if (state === null) return refuseItem('missing-status', '/alert/state', 'expected "open" or how it was closed');
  const rule = isObject(alert['rule']) ? alert['rule'] : {};
  const advisory = isObject(alert['security_advisory']) ? alert['security_advisory'] : {};
  const name = textOf(rule['id']) ?? textOf(advisory['ghsa_id']) ?? textOf(alert['secret_type']);
  const action = textOf(body['action']);
  return alertEvent(request, {
    key: `${repository}:${event}:${number}`,
    status: Object.hasOwn(STATES, state) ? (STATES[state] ?? 'unknown') : 'unknown',
    statusText: state,
    name,
    severity: textOf(rule['security_severity_level']) ?? textOf(rule['severity']) ?? textOf(advisory['severity']),
    ...timesOf(alert, action, state === 'open'),
    title:
      textOf(rule['description']) ?? textOf(advisory['summary']) ?? textOf(alert['secret_type_display_name']) ?? name,
    description: textOf(rule['full_description']) ?? textOf(advisory['description']),
    labels: labelsOf(event, action, repository, alert, body),
    resource: {
      kind: 'repository',
      id: isObject(body['repository']) ? idOf(body['repository']['id']) : null,
      name: repository,
    },
    links: { source: textOf(alert['html_url']), runbook: null, dashboard: null },
    delivery: { id: textOf(request.headers['x-github-delivery']), attempt: null },
  });
}

/** An alert that was reopened starts when it was reopened; its creation belongs to an earlier time. */
function timesOf(alert: Json, action: string | null, isOpen: boolean) {
  const at = (field: string): TextAt | null => textAt(alert[field], `/alert/${field}`);
  const updated = at('updated_at');
  const again = /^(?:auto_)?reopened|^reintroduced$/.test(action ?? '');
  return {
    started: again ? updated : at('created_at'),
    ended: at('fixed_at') ?? at('dismissed_at') ?? at('auto_dismissed_at') ?? at('resolved_at') ?? updated,
    // What happens to an alert that stays open happens now, not when it was created.
    occurred: isOpen && action !== 'created' ? updated : null,
  };
}

function labelsOf(event: string, action: string | null, repository: string, alert: Json, body: Json) {
  const dependency = isObject(alert['dependency']) ? alert['dependency'] : {};
  const found = isObject(dependency['package']) ? dependency['package'] : {};
  const labels: Record<string, string | null> = {
    event,
    action,
    repository,
    ref: textOf(body['ref']),
    tool: isObject(alert['tool']) ? textOf(alert['tool']['name']) : null,
    package: textOf(found['name']),
    ecosystem: textOf(found['ecosystem']),
    manifest: textOf(dependency['manifest_path']),
    secret_type: textOf(alert['secret_type']),
  };
  return Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== null));
}
