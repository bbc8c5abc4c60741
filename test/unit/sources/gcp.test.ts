import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gcp } from '../../../triggers/sources/gcp.ts';
import { fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { alertmanagerPayload } from '../../support/payloads.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const INCIDENT = {
  incident_id: '0.abc',
  scoping_project_id: 'scope-1',
  resource_id: ' ',
  resource_name: 'web-1',
  resource: { type: 'gce_instance', labels: { project_id: 'shop', zone: 'europe-west1-b', instance_id: '42' } },
  started_at: 1_777_629_600,
  ended_at: null,
  policy_name: 'CPU',
  condition_name: 'CPU over 90 %',
  policy_user_labels: { team: 'shop' },
  severity: 'Critical',
  state: 'open',
  summary: 'CPU is high',
  url: 'https://console.cloud.google.com/monitoring/alerting/incidents/0.abc?project=shop',
  documentation: { content: '{"a": 1}', mime_type: 'text/markdown' },
};
const incident = (changes: object = {}) => ({ incident: { ...INCIDENT, ...changes }, version: '1.2' });
const CLOSED = incident({ state: 'closed', ended_at: 1_777_633_200 });
const push = (data: unknown, changes: object = {}) => ({
  message: {
    data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)).toString('base64'),
    messageId: 'm-1',
    message_id: 'm-1',
    publishTime: '2026-05-01T10:00:01.5Z',
    ...changes,
  },
  subscription: 'projects/shop/subscriptions/tocsin',
});
const read = (body: unknown) => onlyAlert(gcp, requestOf(body));

describe('gcp incidents', () => {
  it('reads what the incident says', () => {
    const alert = read(incident());
    assert.deepEqual([alert.alertKey, alert.status, alert.name], ['test:incident:0.abc', 'firing', 'CPU']);
    assert.deepEqual(alert.severity, { number: 21, text: 'Critical' });
    assert.equal(alert.time.started, '2026-05-01T10:00:00Z');
    assert.deepEqual(alert.resource, { kind: 'gce_instance', id: null, name: 'web-1' });
    assert.deepEqual(alert.location, {
      cloud: null,
      account: { value: 'shop', from: 'incident.resource.labels.project_id' },
      region: null,
      zone: { value: 'europe-west1-b', from: 'incident.resource.labels.zone' },
      cluster: null,
    });
    assert.equal(alert.description, '{"a": 1}');
    assert.equal(alert.labels['team'], 'shop');
  });

  it('the closing has the same key and its end', () => {
    const alert = read(CLOSED);
    assert.deepEqual([alert.status, alert.alertKey], ['resolved', read(incident()).alertKey]);
    assert.equal(alert.time.ended, '2026-05-01T11:00:00Z');
    assert.deepEqual(alert.time.original, { started: '1777629600', ended: '1777633200' });
  });

  const STATES = [
    ['OPEN', 'firing'],
    ['acknowledged', 'acknowledged'],
    ['paused', 'unknown'],
  ] as const;
  for (const [state, status] of STATES)
    it(`state ${state} is ${status}`, () => assert.equal(read(incident({ state })).status, status));

  it('the label location is a zone or a region', () => {
    const at = (location: string) =>
      read(incident({ resource: { type: 'k8s_cluster', labels: { location, cluster_name: 'c-1' } } })).location;
    assert.equal(at('us-central1-c').zone?.value, 'us-central1-c');
    assert.equal(at('us-central1-c').region, null);
    assert.equal(at('us-central1').region?.value, 'us-central1');
    assert.equal(at('us-central1').cluster?.value, 'c-1');
  });

  it('without an id, the address of the incident has it', () => {
    assert.equal(read(incident({ incident_id: undefined })).alertKey, 'test:incident:0.abc');
  });

  it('a test notification starts nothing', () => {
    const { events, rejected, control } = gcp.toEvents(requestOf({ ...incident(), version: 'test' }));
    assert.deepEqual([events, rejected, control?.kind], [[], [], 'test']);
  });
});

describe('gcp Pub/Sub push', () => {
  it('opens the message: the same alert as by webhook, with the delivery', () => {
    const alert = read(push(CLOSED));
    assert.deepEqual([alert.alertKey, alert.status], ['test:incident:0.abc', 'resolved']);
    assert.equal(alert.delivery?.id, 'm-1');
    const again = push(CLOSED, { messageId: 'm-2' });
    assert.equal(onlyEvent(gcp, requestOf(push(CLOSED))).id, onlyEvent(gcp, requestOf(again)).id);
  });

  it('finds another known alert inside', () => {
    const alert = read(push(alertmanagerPayload('firing')));
    assert.deepEqual([alert.status, alert.name], ['firing', 'ServiceDown']);
  });

  const KUBERNETES = { kind: 'Event', apiVersion: 'v1', metadata: { uid: 'u-1' }, involvedObject: {}, count: 1 };
  const MONITOR = { alert_id: '1', alert_transition: 'Triggered', alert_scope: 'host:a' };
  for (const [who, payload, more, type] of [
    ['Datadog', MONITOR, {}, 'tocsin.alert.firing'],
    ['Kubernetes', KUBERNETES, {}, 'tocsin.event.kubernetes.event'],
    ['an object of Kubernetes that is no Event', { ...KUBERNETES, kind: 'Pod' }, {}, 'tocsin.event.gcp.pubsub.message'],
    ['GitHub', { ref: 'x' }, { attributes: { 'x-github-event': 'push' } }, 'tocsin.event.github.push'],
  ] as const)
    it(`finds ${who} inside: ${type}`, () => {
      const event = onlyEvent(gcp, requestOf(push(payload, more)));
      assert.equal(event.type, type);
      const again = push(payload, { ...more, publishTime: '2026-05-01T10:00:09Z' });
      assert.equal(onlyEvent(gcp, requestOf(again)).id, event.id);
    });

  it('finds a CloudEvent inside', () => {
    const event = { specversion: '1.0', id: 'e-1', source: '/shop', type: 'com.example.deployed', data: { a: 1 } };
    assert.equal(onlyEvent(gcp, requestOf(push(event))).type, 'com.example.deployed');
  });

  it('anything else is a plain event that keeps all of it', () => {
    const event = onlyEvent(gcp, requestOf(push({ a: 1 }, { attributes: { kind: 'x' } })));
    assert.equal(event.type, 'tocsin.event.gcp.pubsub.message');
    assert.equal(event.time, '2026-05-01T10:00:01.5Z');
    assert.deepEqual(event.data, {
      messageId: 'm-1',
      subscription: 'projects/shop/subscriptions/tocsin',
      attempt: null,
      orderingKey: null,
      attributes: { kind: 'x' },
      json: { a: 1 },
    });
    const text = onlyEvent(gcp, requestOf(push('no JSON')));
    assert.equal((text.data as { base64: string }).base64, Buffer.from('no JSON').toString('base64'));
    const again = { ...push({ a: 1 }, { attributes: { kind: 'x' } }), deliveryAttempt: 2 };
    assert.equal(onlyEvent(gcp, requestOf(again)).id, event.id);
  });
});

describe('gcp rejections', () => {
  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [incident({ state: undefined }), 'missing-status /incident/state'],
    [incident({ incident_id: undefined, url: undefined }), 'missing-identity /incident/incident_id'],
    [incident({ started_at: 'today' }), 'time-not-epoch /incident/started_at'],
    [incident({ started_at: 99_999_999_999 }), 'time-in-the-future /incident/started_at'],
    [{ incident: null }, 'missing-incident /incident'],
    [push(incident({ state: undefined })), 'missing-status /message/data'],
    [{ message: { data: 'not base64!' } }, 'bad-base64 /message/data'],
    [{ message: 1 }, 'not-gcp '],
    [[], 'not-gcp '],
  ];
  for (const [body, expected] of REJECTED)
    it(`says ${expected}`, () => assert.deepEqual(rejections(gcp.toEvents(requestOf(body))), [expected]));

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { file, raw } of [...fixturesOf('gcp-monitoring'), ...fixturesOf('gcp-pubsub')]) {
      assert.ok(gcp.recognises(requestOf(raw)), file);
      assert.equal(read(raw).status, file.includes('closed') ? 'resolved' : 'firing', file);
    }
  });

  it('never throws', () => assertTotal(gcp, [incident(), CLOSED, push(CLOSED), push('x')]));
});
