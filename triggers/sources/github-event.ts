/** Which of GitHub's events a payload is, where no header says it, and when it happened: by the object that the event is about. */
import type { TextAt } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { type Json, isObject, textAt, textOf } from './read.ts';

export const isPing = (body: Json): boolean =>
  typeof body['zen'] === 'string' && 'hook_id' in body && isObject(body['hook']);

/** Sent to whoever listens to the database of advisories: it has neither repository nor sender. */
export const isAdvisory = ({ security_advisory: advisory }: Json): boolean =>
  isObject(advisory) && textOf(advisory['ghsa_id']) !== null;

/** Fields that a payload of the event has; the first that fits counts, since many carry the objects of others beside their own. */
const SHAPES: readonly (readonly [event: string, ...fields: string[]])[] = [
  ['push', 'before', 'after', 'pusher'],
  ['deployment_status', 'deployment_status'],
  ['deployment_protection_rule', 'deployment_callback_url'],
  ['deployment_review', 'workflow_run', 'since'],
  ['workflow_job', 'workflow_job'],
  ['deployment', 'deployment'],
  ['workflow_run', 'workflow_run'],
  ['check_run', 'check_run'],
  ['check_suite', 'check_suite'],
  ['release', 'release'],
  ['pull_request_review', 'pull_request', 'review'],
  ['pull_request_review_thread', 'pull_request', 'thread'],
  ['pull_request_review_comment', 'pull_request', 'comment'],
  ['pull_request', 'pull_request'],
  ['issue_comment', 'issue', 'comment'],
  ['issues', 'issue'],
  ['discussion_comment', 'discussion', 'comment'],
  ['discussion', 'discussion'],
  ['commit_comment', 'comment'],
  ['status', 'sha', 'context', 'state'],
  ['create', 'ref_type', 'master_branch'],
  ['delete', 'ref_type'],
  ['merge_group', 'merge_group'],
  ['workflow_dispatch', 'workflow', 'ref'],
  ['repository_dispatch', 'client_payload'],
  ['security_advisory', 'security_advisory'],
];

/** For payloads that come without the header (from a file): only what the content says beyond doubt. */
export function eventOf(body: Json): string | null {
  if (isPing(body)) return 'ping';
  const { alert } = body;
  if (isObject(alert)) return alertEventOf(alert, body);
  const has = (field: string): boolean => (body[field] ?? null) !== null;
  return SHAPES.find(([, ...fields]) => fields.every(has))?.[0] ?? null;
}

function alertEventOf(alert: Json, body: Json): string | null {
  if (isObject(alert['tool']) && isObject(alert['rule'])) return 'code_scanning_alert';
  if (isObject(alert['security_advisory'])) return 'dependabot_alert';
  if (!('secret_type' in alert)) return null;
  return 'location' in body ? 'secret_scanning_alert_location' : 'secret_scanning_alert';
}

/** Where the object is not named like the event; null: its times stand in the payload itself. */
const ABOUT: Readonly<Record<string, string | null>> = {
  issues: 'issue',
  issue_comment: 'comment',
  commit_comment: 'comment',
  discussion_comment: 'comment',
  pull_request_review_comment: 'comment',
  pull_request_review: 'review',
  page_build: 'build',
  deploy_key: 'key',
  branch_protection_rule: 'rule',
  status: null,
  star: null,
  pull_request_review_thread: null,
};

/** The field that says when an action happened, where the object has no `updated_at`. No action at all is a creation. */
const WHEN: Readonly<Record<string, readonly string[]>> = {
  completed: ['completed_at'],
  in_progress: ['started_at'],
  published: ['published_at'],
  prereleased: ['published_at'],
  released: ['published_at'],
  submitted: ['submitted_at'],
  created: ['created_at', 'started_at', 'starred_at'],
  opened: ['created_at'],
  queued: ['created_at', 'started_at'],
  waiting: ['created_at', 'started_at'],
};

function fieldsOf(event: string, action: string): readonly string[] {
  // A release that is created is dated by its commit.
  if (event === 'release' && action === 'created') return ['published_at'];
  return Object.hasOwn(WHEN, action) ? (WHEN[action] ?? []) : [];
}

/** Null where nothing says it: the times of what was deleted, or is asked for again, are older than that. */
export function timeOf(event: string, action: string | null, body: Json): TextAt | null {
  if (event === 'push') {
    const pushed = isObject(body['repository']) ? epochSeconds(body['repository']['pushed_at']) : null;
    return pushed === null ? null : { text: pushed, place: '/repository/pushed_at' };
  }
  if (action === 'deleted') return null;
  const field = Object.hasOwn(ABOUT, event) ? (ABOUT[event] ?? null) : event;
  const about = field === null ? body : body[field];
  if (!isObject(about)) return null;
  for (const name of ['updated_at', ...fieldsOf(event, action ?? 'created')]) {
    const found = textAt(about[name], `${field === null ? '' : `/${field}`}/${name}`);
    if (found !== null) return found;
  }
  return null;
}
