import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sentry } from '../../../triggers/sources/sentry.ts';
import { fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const INSTALLATION = { installation: { uuid: 'i-1' }, actor: { type: 'application' } };
const EVENT_ALERT = {
  action: 'triggered',
  data: {
    event: {
      issue_id: '123',
      datetime: '2026-05-01T10:00:00.320000Z',
      level: 'fatal',
      title: 'TypeError',
      culprit: 'checkout',
      project: 9,
      platform: 'node',
      tags: [['region', 'eu-1'], ['__proto__', 'x'], ['empty', ''], 'odd'],
      web_url: 'https://sentry.io/issues/123/',
    },
    triggered_rule: 'Any error',
  },
  ...INSTALLATION,
};
const ISSUE = {
  id: '123',
  shortId: 'SHOP-1',
  title: 'TypeError',
  level: 'error',
  project: { id: '9', slug: 'shop' },
  firstSeen: '2026-04-01T10:00:00Z',
  lastSeen: '2026-05-01T10:00:00Z',
};
const issue = (action: unknown, changes: object = {}) => ({
  action,
  data: { issue: { ...ISSUE, ...changes } },
  ...INSTALLATION,
});
const metric = (action: unknown, changes: object = {}) => ({
  action,
  data: {
    metric_alert: { id: '789', title: 'Errors', alert_rule: { id: '456', name: 'Too many errors' }, ...changes },
    description_text: '5 events in 10 minutes',
    web_url: 'https://sentry.io/alerts/789/',
  },
  ...INSTALLATION,
});
const PLUGIN = {
  id: '123',
  project: 'shop',
  project_slug: 'shop',
  project_name: 'Shop',
  level: 'error',
  culprit: 'checkout',
  url: 'https://sentry.io/issues/123/',
  triggering_rules: ['Any error'],
  event: { event_id: 'e', title: 'TypeError', timestamp: 1_777_629_600.25 },
};
const read = (body: unknown, headers = {}) => onlyAlert(sentry, requestOf(body, { headers }));
const idOf = (body: unknown) => onlyEvent(sentry, requestOf(body)).id;

describe('sentry', () => {
  it('an alert rule on issues fires', () => {
    const alert = read(EVENT_ALERT, { 'sentry-hook-resource': 'event_alert', 'request-id': 'r-1' });
    assert.deepEqual([alert.alertKey, alert.status, alert.name], ['test:issue:123', 'firing', 'Any error']);
    assert.deepEqual(alert.severity, { number: 22, text: 'fatal' });
    assert.equal(alert.time.occurred, '2026-05-01T10:00:00.32Z');
    assert.deepEqual(alert.labels, { platform: 'node', region: 'eu-1' });
    assert.deepEqual(alert.location.region, { value: 'eu-1', from: 'data.event.tags.region' });
    assert.deepEqual(alert.resource, { kind: 'project', id: '9', name: null });
    assert.equal(alert.links.source, 'https://sentry.io/issues/123/');
    assert.equal(alert.delivery?.id, 'r-1');
  });

  const ISSUES = [
    ['created', 'firing'],
    ['unresolved', 'firing'],
    ['resolved', 'resolved'],
    ['archived', 'suppressed'],
    ['ignored', 'suppressed'],
    ['merged', 'unknown'],
  ] as const;
  for (const [action, status] of ISSUES)
    it(`issue ${action} is ${status}, under the key of the alert rule's firing`, () => {
      const alert = read(issue(action));
      assert.equal(alert.status, status);
      assert.equal(alert.alertKey, read(EVENT_ALERT).alertKey);
      assert.equal(alert.time.started, action === 'created' ? '2026-04-01T10:00:00Z' : null);
      assert.equal(alert.time.occurred, action === 'resolved' ? null : '2026-05-01T10:00:00Z');
    });

  it('an issue was resolved when the hook says so', () => {
    const at = (seconds: string) => requestOf(issue('resolved'), { headers: { 'sentry-hook-timestamp': seconds } });
    const alert = onlyAlert(sentry, at('1777716000'));
    assert.deepEqual([alert.time.occurred, alert.time.ended], ['2026-05-02T10:00:00Z', '2026-05-02T10:00:00Z']);
    assert.equal(alert.time.original['ended'], '1777716000');
    assert.equal(onlyAlert(sentry, at('soon')).time.ended, null);
    assert.notEqual(onlyEvent(sentry, at('1777716000')).id, onlyEvent(sentry, at('1777716060')).id);
    assert.equal(onlyEvent(sentry, at('soon')).id, onlyEvent(sentry, at('soon')).id);
  });

  it('ids may be numbers, also those that a double would round', () => {
    const body = JSON.stringify(issue('resolved')).replace(/"id":"(\d+)"/, '"id":9007199254740993');
    assert.equal(read(body).alertKey, 'test:issue:9007199254740993');
  });

  const METRICS = [
    ['critical', 'firing', 21],
    ['warning', 'firing', 13],
    ['resolved', 'resolved', null],
    ['open', 'unknown', null],
  ] as const;
  for (const [action, status, number] of METRICS)
    it(`metric alert ${action} is ${status}`, () => {
      const alert = read(metric(action));
      assert.deepEqual([alert.status, alert.statusText, alert.severity.number], [status, action, number]);
      assert.equal(alert.alertKey, 'test:metric-alert:789');
      assert.equal(alert.name, 'Too many errors');
    });

  it('a metric alert has the times it says, else none', () => {
    const times = { date_started: '2026-05-01T10:00:00Z', date_closed: '2026-05-01T11:00:00Z' };
    const { started, ended } = read(metric('resolved', times)).time;
    assert.deepEqual([started, ended], ['2026-05-01T10:00:00Z', '2026-05-01T11:00:00Z']);
    assert.equal(read(metric('critical')).time.occurred, null);
  });

  it('a redelivery has the same id, an escalation another one', () => {
    assert.equal(idOf(metric('warning')), idOf(metric('warning')));
    assert.notEqual(idOf(metric('warning')), idOf(metric('critical')));
    assert.notEqual(idOf(issue('resolved')), idOf(issue('resolved', { lastSeen: '2026-05-03T10:00:00Z' })));
  });

  it('reads the older plugin under the same key', () => {
    assert.ok(sentry.recognises(requestOf(PLUGIN)));
    const alert = read(PLUGIN);
    assert.deepEqual([alert.alertKey, alert.status, alert.name], ['test:issue:123', 'firing', 'Any error']);
    assert.equal(alert.time.occurred, '2026-05-01T10:00:00.25Z');
    assert.equal(alert.description, 'checkout');
  });

  it('reads the oldest plugin, whose event says only when it was received', () => {
    const { project_slug: _slug, ...older } = PLUGIN;
    const body = { ...older, message: 'TypeError', event: { received: 1_777_629_660 } };
    assert.ok(sentry.recognises(requestOf(body)));
    const alert = read(body);
    assert.deepEqual([alert.alertKey, alert.title], ['test:issue:123', 'TypeError']);
    assert.equal(alert.time.occurred, '2026-05-01T10:01:00Z');
    assert.deepEqual(alert.resource, { kind: 'project', id: 'shop', name: 'Shop' });
  });

  const AT = '2026-05-01T10:00:00.5Z';
  const ACTIVITY = [
    ['comment', 'created', { comment: 'seen', comment_id: 5, issue_id: 123, timestamp: AT }, '123', AT],
    ['error', 'created', { error: { title: 'TypeError', level: 'error', datetime: AT } }, 'TypeError', AT],
    ['seer', 'root_cause_started', { run_id: 7, group_id: 123 }, '123', '2026-05-01T10:00:02Z'],
    [
      'activity_alert',
      'triggered',
      { issue: ISSUE, activity: { type: 'seer_pr_created' } },
      'TypeError',
      '2026-05-01T10:00:02Z',
    ],
  ] as const;
  for (const [resource, action, data, subject, time] of ACTIVITY)
    it(`${resource} is a plain event, with the header and without`, () => {
      const body = { action, data, ...INSTALLATION };
      const hook = { 'sentry-hook-resource': resource, 'sentry-hook-timestamp': '1777629602' };
      const event = onlyEvent(sentry, requestOf(body, { headers: hook }));
      assert.equal(event.type, `tocsin.event.sentry.${resource}.${action}`.replaceAll('_', '-'));
      assert.deepEqual([event.subject, event.time], [subject, time]);
      const { id, type } = onlyEvent(sentry, requestOf(body));
      assert.deepEqual([id, type], [event.id, event.type]);
    });

  it('what neither opens nor closes is a plain event', () => {
    assert.equal(onlyEvent(sentry, requestOf(issue('assigned'))).type, 'tocsin.event.sentry.issue.assigned');
    const error = { action: 'created', data: { error: { title: 'TypeError', level: 'error' } }, ...INSTALLATION };
    const event = onlyEvent(sentry, requestOf(error, { headers: { 'sentry-hook-resource': 'error' } }));
    assert.deepEqual([event.type, event.subject], ['tocsin.event.sentry.error.created', 'TypeError']);
  });

  it('an installation starts nothing', () => {
    const body = { action: 'created', data: { installation: { uuid: 'i-1' } }, ...INSTALLATION };
    const { events, rejected, control } = sentry.toEvents(requestOf(body));
    assert.deepEqual([events, rejected, control?.kind], [[], [], 'subscription']);
  });

  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [metric(undefined), 'missing-status /action'],
    [metric('critical', { id: undefined }), 'missing-identity /data/metric_alert/id'],
    [metric('critical', { date_started: 'now' }), 'time-not-rfc3339 /data/metric_alert/date_started'],
    [issue('created', { id: null }), 'missing-identity /data/issue/id'],
    [{ ...EVENT_ALERT, data: { event: {} } }, 'missing-identity /data/event/issue_id'],
    [{ action: 'triggered', data: {} }, 'missing-resource '],
    [{ action: 'Not A Word', data: { comment: {} } }, 'unknown-event /action'],
    [7, 'not-sentry '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () => assert.deepEqual(rejections(sentry.toEvents(requestOf(body))), [expected]));

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { file, raw } of fixturesOf('sentry')) {
      assert.ok(sentry.recognises(requestOf(raw)), file);
      assert.equal(read(raw).status, file.includes('resolved') ? 'resolved' : 'firing', file);
    }
  });

  it('never throws', () => {
    assertTotal(sentry, [EVENT_ALERT, issue('created'), metric('critical'), PLUGIN]);
    assertTotal(sentry, [EVENT_ALERT], { 'sentry-hook-resource': 'error' });
  });
});
