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
    assert.deepEqual([at('global').region, at('global').zone], [null, null]);
  });

  const CONSOLE = 'https://console.cloud.google.com/monitoring/alerting';
  for (const url of [
    `${CONSOLE}/incidents/0.abc?project=shop`,
    `${CONSOLE}/alerts/0.abc?channelType=webhook&project=shop`,
  ])
    it(`without an id, the address of the incident has it: ${url}`, () => {
      const alert = read(
        incident({ incident_id: undefined, url, resource: { type: 'x' }, scoping_project_id: undefined }),
      );
      assert.equal(alert.alertKey, 'test:incident:0.abc');
      assert.deepEqual(alert.location.account, { value: 'shop', from: 'incident.url' });
    });

  it('a machine of Amazon is where Amazon says', () => {
    const labels = { project_id: 'link', aws_account: '123456789012', region: 'aws:us-east-1', instance_id: 'i-1' };
    const { location } = read(incident({ resource: { type: 'aws_ec2_instance', labels } }));
    assert.deepEqual(
      [location.cloud?.value, location.account?.value, location.region?.value],
      ['aws', '123456789012', 'us-east-1'],
    );
  });

  it('the version may be lost on the way', () => {
    assert.ok(gcp.recognises(requestOf({ ...incident(), version: undefined })));
    assert.equal(gcp.recognises(requestOf({ incident: { state: 'open', started_at: 1 } })), false);
  });

  it('the version may be a number', () => assert.ok(gcp.recognises(requestOf({ ...incident(), version: 1.2 }))));

  it('what the resource, its metadata and the metric are labelled with', () => {
    const { labels } = read(
      incident({
        metadata: { system_labels: { name: 'web', zone: 'system' }, user_labels: { env: 'prod' } },
        metric: { type: 'm', displayName: 'M', labels: { device: 'sda1', zone: 'metric' } },
      }),
    );
    assert.deepEqual(
      [labels['name'], labels['env'], labels['device'], labels['zone']],
      ['web', 'prod', 'sda1', 'europe-west1-b'],
    );
  });

  it('a policy without severity may have a label for it; without either there is none', () => {
    const severityOf = (policy_user_labels: unknown) =>
      read(incident({ severity: undefined, policy_user_labels })).severity;
    assert.deepEqual(severityOf({ severity: 'warning' }), { number: 13, text: 'warning' });
    assert.deepEqual(severityOf(null), { number: null, text: null });
  });

  it('older documentation is a text', () =>
    assert.equal(read(incident({ documentation: 'Look here' })).description, 'Look here'));

  it('a notification again is the same event', () => {
    const id = (changes: object) => onlyEvent(gcp, requestOf(incident(changes))).id;
    assert.equal(id({ renotify: true, observed_value: '0.9' }), id({}));
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
    assert.equal(read({ ...push(CLOSED), deliveryAttempt: 3 }).delivery?.attempt, 3);
    const again = push(CLOSED, { messageId: 'm-2' });
    assert.equal(onlyEvent(gcp, requestOf(push(CLOSED))).id, onlyEvent(gcp, requestOf(again)).id);
  });

  it('finds another known alert inside', () => {
    const alert = read(push(alertmanagerPayload('firing')));
    assert.deepEqual([alert.status, alert.name], ['firing', 'ServiceDown']);
    assert.deepEqual(alert.delivery, { id: 'm-1', attempt: null });
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
      publishTime: '2026-05-01T10:00:01.5Z',
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

const METADATA = {
  'x-goog-pubsub-subscription-name': 'projects/shop/subscriptions/tocsin',
  'x-goog-pubsub-message-id': 'm-1',
  'x-goog-pubsub-publish-time': '2026-05-01T10:00:01.5Z',
  'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
  host: 'tocsin.example',
};
const USER_AGENT = { 'user-agent': METADATA['user-agent'] };

describe('gcp Pub/Sub push without its wrapper', () => {
  it('the same alert as wrapped, with the delivery', () => {
    const request = requestOf(CLOSED, { headers: METADATA });
    assert.equal(onlyEvent(gcp, request).id, onlyEvent(gcp, requestOf(push(CLOSED))).id);
    assert.equal(onlyAlert(gcp, request).delivery?.id, 'm-1');
    assert.equal(onlyAlert(gcp, requestOf(CLOSED, { headers: USER_AGENT })).delivery?.id, null);
  });

  it('any other message is the same plain event as wrapped', () => {
    const event = onlyEvent(gcp, requestOf(push({ a: 1 }, { attributes: { kind: 'x' } })));
    assert.deepEqual(onlyEvent(gcp, requestOf({ a: 1 }, { headers: { ...METADATA, kind: 'x' } })), event);
  });

  it('attributes stand in for headers', () => {
    const headers = { ...METADATA, 'x-github-event': 'push' };
    assert.equal(onlyEvent(gcp, requestOf({ ref: 'x' }, { headers })).type, 'tocsin.event.github.push');
  });

  it('finds another known alert inside, and says where it is wrong', () => {
    const group = alertmanagerPayload('firing');
    assert.equal(onlyAlert(gcp, requestOf(group, { headers: METADATA })).name, 'ServiceDown');
    const wrong = requestOf({ ...(group as object), alerts: [null] }, { headers: METADATA });
    assert.deepEqual(rejections(gcp.toEvents(wrong)), ['not-an-object /alerts/0']);
  });

  it('without metadata its id is that of its data', () => {
    const id = (content: unknown) => onlyEvent(gcp, requestOf(content, { headers: USER_AGENT })).id;
    assert.equal(id({ a: 1 }), id({ a: 1 }));
    assert.notEqual(id({ a: 1 }), id({ a: 2 }));
  });

  for (const [what, content, json] of [
    ['text', 'disk full', undefined],
    ['bytes', Uint8Array.from([0xff, 0]), undefined],
    ['nothing', '', undefined],
    ['a number', '7', 7],
    ['an incident that is none', { incident: null }, { incident: null }],
    ['JSON that may not be read', '{"a":1,"a":2}', undefined],
  ] as const)
    it(`${what} is kept`, () => {
      const event = onlyEvent(gcp, requestOf(content, { headers: METADATA }));
      const data = event.data as { readonly json?: unknown; readonly base64?: string };
      assert.deepEqual([event.type, data.json], ['tocsin.event.gcp.pubsub.message', json]);
      if (json === undefined) assert.equal(data.base64, Buffer.from(content as string).toString('base64'));
    });

  it('a wrapped message that comes as bytes is unwrapped', () => {
    const wrapped = { ...requestOf(push({ a: 1 }), { headers: USER_AGENT }), body: null };
    assert.deepEqual((onlyEvent(gcp, wrapped).data as { json: unknown }).json, { a: 1 });
  });

  for (const [contentType, headers, expected] of [
    [null, {}, 'json'],
    ['text/plain', {}, 'json'],
    ['application/json', USER_AGENT, 'json'],
    [null, USER_AGENT, 'bytes'],
    ['application/octet-stream', USER_AGENT, 'bytes'],
    ['application/json', METADATA, 'bytes'],
  ] as const)
    it(`${contentType} with ${Object.keys(headers).length} headers is read as ${expected}`, () =>
      assert.equal(gcp.bodyOf(contentType, headers), expected));
});

/** What others publish: none is an incident, and no other sender's. */
const PUBLISHED: readonly (readonly [what: string, data: unknown, attributes: object])[] = [
  [
    'a budget',
    { budgetDisplayName: 'b', alertThresholdExceeded: 1, costAmount: 100.01, currencyCode: 'EUR' },
    { billingAccountId: '01D4', budgetId: 'f2', schemaVersion: '1.0' },
  ],
  [
    'a build',
    { id: 'b-1', status: 'FAILURE', buildTriggerId: 't', logUrl: 'https://x' },
    { buildId: 'b-1', status: 'FAILURE' },
  ],
  [
    'a finding',
    {
      notificationConfigName: 'n',
      finding: { name: 'f', state: 'ACTIVE', severity: 'HIGH', category: 'X' },
      resource: {},
    },
    {},
  ],
  [
    'a log entry',
    {
      insertId: 'i',
      logName: 'projects/shop/logs/cloudaudit.googleapis.com%2Factivity',
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        methodName: 'v1.compute.instances.delete',
      },
      resource: { type: 'gce_instance', labels: { project_id: 'shop' } },
      severity: 'NOTICE',
      timestamp: '2026-05-01T10:00:00Z',
    },
    { 'logging.googleapis.com/timestamp': '2026-05-01T10:00:00Z' },
  ],
  ['an object of Storage', { kind: 'storage#object', id: 'o', bucket: 'b' }, { eventType: 'OBJECT_FINALIZE' }],
  ['a cluster that is upgraded', 'Master is upgrading', { cluster_name: 'c', type_url: 'UpgradeEvent', payload: '{}' }],
];

describe('gcp: what others publish stays a plain event', () => {
  for (const [what, data, attributes] of PUBLISHED)
    it(what, () => {
      const events = [
        onlyEvent(gcp, requestOf(push(data, { attributes }))),
        onlyEvent(gcp, requestOf(data, { headers: METADATA })),
      ];
      for (const { type } of events) assert.equal(type, 'tocsin.event.gcp.pubsub.message');
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

  it('never throws without the wrapper', () => assertTotal(gcp, [CLOSED, push('x'), { a: 1 }], METADATA));
});
