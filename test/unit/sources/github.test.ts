import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { github } from '../../../triggers/sources/github.ts';
import { fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const REPOSITORY = { id: 7, node_id: 'R_7', full_name: 'acme/shop', pushed_at: 1_777_629_600 };
const SENDER = { login: 'octocat', node_id: 'U_1' };
const about = { repository: REPOSITORY, sender: SENDER };

const DEPENDABOT = {
  action: 'created',
  alert: {
    number: 4,
    state: 'open',
    dependency: { package: { ecosystem: 'npm', name: 'left-pad' }, manifest_path: 'package.json' },
    security_advisory: { ghsa_id: 'GHSA-1', severity: 'high', summary: 'Pads too far', description: 'Long text' },
    html_url: 'https://github.com/acme/shop/security/dependabot/4',
    created_at: '2026-05-01T10:00:00Z',
    updated_at: '2026-05-01T10:00:00Z',
    dismissed_at: null,
    fixed_at: null,
  },
  ...about,
};
const alert = (changes: object, action = 'created') => ({
  ...DEPENDABOT,
  action,
  alert: { ...DEPENDABOT.alert, ...changes },
});
const FIXED = alert({ state: 'fixed', fixed_at: '2026-05-02T10:00:00Z' }, 'fixed');
const SECRET = {
  action: 'created',
  alert: { number: 4, state: 'open', secret_type: 'aws_key', created_at: '2026-05-01T10:00:00Z' },
  ...about,
};
const NOW = '2026-05-01T10:00:00Z';
const LONG_AGO = '2024-05-01T10:00:00Z';
const send = (event: string, body: unknown, delivery = 'guid-1') =>
  requestOf(body, { headers: { 'x-github-event': event, 'x-github-delivery': delivery } });
const dependabot = (body: unknown) => onlyAlert(github, send('dependabot_alert', body));

describe('github alerts', () => {
  it('reads what the alert says', () => {
    const read = dependabot(DEPENDABOT);
    assert.equal(read.alertKey, 'test:acme/shop:dependabot_alert:4');
    assert.equal(read.status, 'firing');
    assert.equal(read.name, 'GHSA-1');
    assert.deepEqual(read.severity, { number: 17, text: 'high' });
    assert.equal(read.time.started, '2026-05-01T10:00:00Z');
    assert.equal(read.title, 'Pads too far');
    assert.deepEqual(read.labels, {
      event: 'dependabot_alert',
      action: 'created',
      repository: 'acme/shop',
      package: 'left-pad',
      ecosystem: 'npm',
      manifest: 'package.json',
    });
    assert.deepEqual(read.resource, { kind: 'repository', id: '7', name: 'acme/shop' });
    assert.deepEqual(read.location, { cloud: null, account: null, region: null, zone: null, cluster: null });
    assert.equal(read.delivery?.id, 'guid-1');
  });

  const STATES = [
    ['open', 'firing'],
    ['fixed', 'resolved'],
    ['resolved', 'resolved'],
    ['dismissed', 'resolved'],
    ['auto_dismissed', 'resolved'],
    ['snoozed', 'unknown'],
  ] as const;
  for (const [state, status] of STATES)
    it(`state ${state} is ${status}`, () => {
      const read = dependabot(alert({ state }));
      assert.equal(read.status, status);
      assert.equal(read.statusText, state);
      assert.equal(read.alertKey, dependabot(DEPENDABOT).alertKey);
    });

  it('secret scanning says by its resolution alone whether it is over', () => {
    const { state: _state, ...rest } = SECRET.alert;
    const found = (resolution: string | null, action: string) =>
      onlyAlert(github, send('secret_scanning_alert', { ...SECRET, action, alert: { ...rest, resolution } }));
    const [open, over] = [found(null, 'created'), found('revoked', 'resolved')];
    assert.deepEqual([open.status, over.status], ['firing', 'resolved']);
    assert.equal(open.alertKey, over.alertKey);
  });

  it('a code scanning alert whose state is null is unknown, not lost', () => {
    const body = { ...SECRET, alert: { ...SECRET.alert, state: null } };
    assert.equal(onlyAlert(github, send('code_scanning_alert', body)).status, 'unknown');
  });

  it('keys tell kinds and numbers apart, the resolve has its end', () => {
    assert.equal(dependabot(FIXED).time.ended, '2026-05-02T10:00:00Z');
    const secret = onlyAlert(github, send('secret_scanning_alert', SECRET));
    assert.notEqual(secret.alertKey, dependabot(DEPENDABOT).alertKey);
    assert.equal(secret.severity.text, null);
    assert.notEqual(dependabot(alert({ number: 5 })).alertKey, dependabot(DEPENDABOT).alertKey);
  });

  it('a redelivery has the same id, a reopening another one', () => {
    const id = (body: unknown, delivery: string) => onlyEvent(github, send('dependabot_alert', body, delivery)).id;
    assert.equal(id(DEPENDABOT, 'a'), id(DEPENDABOT, 'b'));
    const reopened = alert({ updated_at: '2026-05-03T10:00:00Z' }, 'reopened');
    assert.notEqual(id(reopened, 'a'), id(DEPENDABOT, 'a'));
    assert.equal(dependabot(reopened).time.started, '2026-05-03T10:00:00Z');
  });

  it('an open alert that appears elsewhere happens now', () => {
    const body = alert({ updated_at: '2026-05-04T10:00:00Z' }, 'appeared_in_branch');
    const { occurred, started } = dependabot(body).time;
    assert.deepEqual([occurred, started], ['2026-05-04T10:00:00Z', '2026-05-01T10:00:00Z']);
  });

  it('the security severity of a rule stands before its general one', () => {
    const rule = { id: 'js/xss', severity: 'error', security_severity_level: 'critical', description: 'XSS' };
    const body = { action: 'created', alert: { number: 1, state: 'open', rule, tool: { name: 'CodeQL' } }, ...about };
    assert.equal(onlyAlert(github, send('code_scanning_alert', body)).severity.text, 'critical');
  });
});

describe('github changes', () => {
  const RUN = {
    action: 'completed',
    workflow_run: { updated_at: '2026-05-01T10:00:00Z', conclusion: 'failure' },
    ...about,
  };
  const CHANGES: readonly (readonly [event: string, body: unknown, type: string, time: string | undefined])[] = [
    ['workflow_run', RUN, 'github.workflow-run.completed', '2026-05-01T10:00:00Z'],
    [
      'deployment_status',
      { deployment_status: { created_at: '2026-05-01T10:00:00Z', state: 'success' }, ...about },
      'github.deployment-status',
      '2026-05-01T10:00:00Z',
    ],
    [
      'push',
      { ref: 'refs/heads/main', before: 'a', after: 'b', pusher: {}, ...about },
      'github.push',
      '2026-05-01T10:00:00Z',
    ],
    ['star', { action: 'deleted', starred_at: null, ...about }, 'github.star.deleted', undefined],
    ['star', { action: 'created', starred_at: NOW, ...about }, 'github.star.created', NOW],
    [
      'issues',
      { action: 'labeled', issue: { created_at: LONG_AGO, updated_at: NOW }, ...about },
      'github.issues.labeled',
      NOW,
    ],
    [
      'issue_comment',
      { action: 'deleted', comment: { updated_at: LONG_AGO }, ...about },
      'github.issue-comment.deleted',
      undefined,
    ],
    [
      'pull_request_review',
      { action: 'submitted', review: { submitted_at: NOW }, ...about },
      'github.pull-request-review.submitted',
      NOW,
    ],
    ['status', { state: 'failure', updated_at: NOW, ...about }, 'github.status', NOW],
    [
      'release',
      { action: 'created', release: { created_at: LONG_AGO, published_at: null }, ...about },
      'github.release.created',
      undefined,
    ],
    [
      'release',
      { action: 'edited', release: { created_at: LONG_AGO, published_at: LONG_AGO }, ...about },
      'github.release.edited',
      undefined,
    ],
    [
      'check_run',
      { action: 'completed', check_run: { completed_at: NOW, started_at: LONG_AGO }, ...about },
      'github.check-run.completed',
      NOW,
    ],
    [
      'check_run',
      { action: 'rerequested', check_run: { completed_at: LONG_AGO }, ...about },
      'github.check-run.rerequested',
      undefined,
    ],
    [
      'repository_dispatch',
      { action: 'Deploy to prod!', client_payload: {}, ...about },
      'github.repository-dispatch',
      undefined,
    ],
  ];
  for (const [event, body, type, time] of CHANGES)
    it(`${event} becomes ${type}`, () => {
      const read = onlyEvent(github, send(event, body));
      assert.equal(read.type, `tocsin.event.${type}`);
      assert.equal(read.time, time);
      assert.equal(read.subject, 'acme/shop');
      assert.deepEqual(read.data, body);
    });

  it('a redelivery has the same id, another delivery another one', () => {
    const id = (delivery: string) => onlyEvent(github, send('workflow_run', RUN, delivery)).id;
    assert.equal(id('a'), id('a'));
    assert.notEqual(id('a'), id('b'));
  });

  it('reads the form that a hook may be set to send', () => {
    const form = requestOf(`payload=${encodeURIComponent(JSON.stringify(RUN))}`, {
      contentType: 'application/x-www-form-urlencoded',
      headers: { 'x-github-event': 'workflow_run' },
    });
    assert.equal(github.bodyOf('application/x-www-form-urlencoded', {}), 'bytes');
    assert.ok(github.recognises(form));
    assert.deepEqual(onlyEvent(github, form).data, RUN);
  });

  it('a ping starts nothing', () => {
    const ping = { zen: 'Keep it simple.', hook_id: 1, hook: { type: 'Repository' } };
    for (const request of [send('ping', ping), requestOf(ping)]) {
      assert.ok(github.recognises(request));
      const { events, rejected, control } = github.toEvents(request);
      assert.deepEqual([events, rejected, control?.kind, control?.answer.status], [[], [], 'ping', 200]);
    }
  });
});

describe('github rejections', () => {
  const REJECTED: readonly (readonly [event: string | null, body: unknown, expected: string])[] = [
    ['dependabot_alert', { ...DEPENDABOT, alert: undefined }, 'missing-alert /alert'],
    ['dependabot_alert', alert({ state: undefined }), 'missing-status /alert/state'],
    ['dependabot_alert', alert({ number: undefined }), 'missing-identity /alert/number'],
    ['dependabot_alert', { ...DEPENDABOT, repository: {} }, 'missing-identity /repository/full_name'],
    ['dependabot_alert', alert({ created_at: 'soon' }), 'time-not-rfc3339 /alert/created_at'],
    ['workflow_run', { action: 7, ...about }, 'bad-action /action'],
    ['Bad Event', { ...about }, 'unknown-event '],
    [null, { ...about }, 'missing-event '],
    ['push', [], 'not-github '],
  ];
  for (const [event, body, expected] of REJECTED)
    it(`says ${expected}`, () => {
      const request = event === null ? requestOf(body) : send(event, body);
      assert.deepEqual(rejections(github.toEvents(request)), [expected]);
    });

  it('knows its payloads without the header', () => {
    for (const body of [DEPENDABOT, SECRET]) {
      assert.ok(github.recognises(requestOf(body)));
      assert.equal(onlyAlert(github, requestOf(body)).status, 'firing');
    }
  });

  const RUN_OF_ANOTHER = { workflow_run: { id: 1 }, ...about };
  const BY_CONTENT: readonly (readonly [event: string, body: object])[] = [
    ['workflow-run', RUN_OF_ANOTHER],
    ['deployment', { deployment: { id: 1 }, workflow: {}, ...RUN_OF_ANOTHER }],
    ['deployment-status', { deployment_status: {}, deployment: {}, ...RUN_OF_ANOTHER }],
    ['deployment-review', { since: '2026-05-01T10:00:00Z', ...RUN_OF_ANOTHER }],
    ['workflow-job', { workflow_job: {}, deployment: {}, ...about }],
    ['pull-request', { pull_request: {}, number: 1, ...about }],
    ['pull-request-review-comment', { pull_request: {}, comment: {}, ...about }],
    ['issues', { issue: {}, ...about }],
    ['issue-comment', { issue: {}, comment: {}, ...about }],
    ['status', { sha: 'a', context: 'ci', state: 'failure', ...about }],
    ['secret-scanning-alert-location', { alert: { secret_type: 'aws_key' }, location: {}, ...about }],
    ['security-advisory', { security_advisory: { ghsa_id: 'GHSA-1' } }],
  ];
  for (const [event, body] of BY_CONTENT)
    it(`knows ${event} by its content`, () => {
      assert.ok(github.recognises(requestOf(body)));
      assert.equal(onlyEvent(github, requestOf(body)).type, `tocsin.event.github.${event}`);
    });

  it('some events have no repository, others no sender', () => {
    const body = { action: 'created', installation: { id: 1 }, sender: SENDER };
    assert.ok(github.recognises(requestOf(body)));
    assert.ok(github.recognises(requestOf({ ...DEPENDABOT, sender: undefined })));
    assert.equal(github.recognises(requestOf({ repository: { full_name: 'acme/shop' }, sender: {} })), false);
  });

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { file, raw } of fixturesOf('github')) {
      const request = requestOf(raw);
      assert.ok(github.recognises(request), file);
      const event = onlyEvent(github, request);
      assert.equal(event.type.startsWith('tocsin.alert.firing'), file.includes('alert'), file);
      assert.ok(event.time !== undefined);
    }
  });

  it('never throws', () => {
    assertTotal(github, [DEPENDABOT, FIXED]);
    assertTotal(github, [DEPENDABOT], { 'x-github-event': 'workflow_run' });
  });
});
