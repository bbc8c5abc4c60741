import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pagerduty } from '../../../triggers/sources/pagerduty.ts';
import { fixture, fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const INCIDENT = {
  id: 'PFQZPSY',
  type: 'incident',
  html_url: 'https://acme.pagerduty.com/incidents/PFQZPSY',
  status: 'triggered',
  title: 'Disk is full',
  service: { id: 'PA2P440', summary: 'shop', type: 'service_reference' },
  priority: null,
  urgency: 'high',
  created_at: '2026-05-01T10:00:00Z',
};
const webhook = (type: string, data: object = {}, event: object = {}) => ({
  event: {
    id: '01BZYIL05THJDFF2Y08X9SVMTU',
    event_type: type,
    resource_type: 'incident',
    occurred_at: '2026-05-01T10:05:00.781Z',
    agent: null,
    client: null,
    data: { ...INCIDENT, ...data },
    ...event,
  },
});
const TRIGGER = {
  routing_key: 'R0123456789ABCDEFGHIJKLMNOPQRSTU',
  event_action: 'trigger',
  dedup_key: 'disk/db-1',
  payload: {
    summary: 'Disk is full',
    source: 'db-1',
    severity: 'critical',
    timestamp: '2026-05-01T10:00:00.000+0000',
    component: 'postgres',
    class: 'disk',
    custom_details: { region: 'eu-1', free: 3, nested: { not: 'a label' } },
  },
  client_url: 'https://monitoring.example.com/1',
};
const { payload: _payload, ...BARE } = TRIGGER;
const v2 = (event: unknown, incident: object = {}) => ({
  messages: [
    {
      id: 'm-1',
      event,
      created_on: '2026-05-01T10:05:00Z',
      log_entries: [],
      incident: { ...INCIDENT, last_status_change_at: '2026-05-01T10:04:00Z', ...incident },
    },
  ],
});
const read = (body: unknown) => onlyAlert(pagerduty, requestOf(body));

describe('pagerduty v3 webhooks', () => {
  const CHANGES: Readonly<Record<string, string>> = {
    'incident.triggered': 'firing',
    'incident.reopened': 'firing',
    'incident.unacknowledged': 'firing',
    'incident.acknowledged': 'acknowledged',
    'incident.resolved': 'resolved',
  };
  for (const type of [
    ...Object.keys(CHANGES),
    'incident.annotated',
    'incident.conference_bridge.updated',
    'incident.custom_field_values.updated',
    'incident.delegated',
    'incident.escalated',
    'incident.incident_type.changed',
    'incident.priority_updated',
    'incident.reassigned',
    'incident.responder.added',
    'incident.responder.replied',
    'incident.role.assigned',
    'incident.service_updated',
    'incident.status_update_published',
    'incident.workflow.started',
    'incident.workflow.completed',
    'service.created',
    'service.updated',
    'service.deleted',
    'service.custom_field_values.updated',
  ]) {
    const state = CHANGES[type];
    it(`${type} is ${state ?? 'a plain event, whatever status it carries'}`, () =>
      assert.equal(
        onlyEvent(pagerduty, requestOf(webhook(type))).type,
        state === undefined ? `tocsin.event.pagerduty.${type.replaceAll('_', '-')}` : `tocsin.alert.${state}`,
      ));
  }

  it('reads what the incident says', () => {
    const alert = read(webhook('incident.triggered'));
    assert.equal(alert.alertKey, 'test:incident:PFQZPSY');
    assert.deepEqual(alert.severity, { number: 17, text: 'high' });
    assert.deepEqual(alert.resource, { kind: 'service', id: 'PA2P440', name: 'shop' });
    assert.deepEqual(alert.delivery, { id: '01BZYIL05THJDFF2Y08X9SVMTU', attempt: null });
    assert.equal(alert.links.source, INCIDENT.html_url);
    assert.equal(read(webhook('incident.triggered', { priority: { summary: 'P1' } })).severity.number, 21);
  });

  const STATES: readonly (readonly [type: string, status: string, started: string, ended: string | null])[] = [
    ['incident.triggered', 'firing', '2026-05-01T10:00:00Z', null],
    ['incident.acknowledged', 'acknowledged', '2026-05-01T10:00:00Z', null],
    ['incident.unacknowledged', 'firing', '2026-05-01T10:00:00Z', null],
    ['incident.resolved', 'resolved', '2026-05-01T10:00:00Z', '2026-05-01T10:05:00.781Z'],
    ['incident.reopened', 'firing', '2026-05-01T10:05:00.781Z', null],
  ];
  for (const [type, status, started, ended] of STATES)
    it(`${type} is ${status}`, () => {
      const alert = read(webhook(type));
      assert.deepEqual([alert.status, alert.alertKey], [status, 'test:incident:PFQZPSY']);
      assert.deepEqual([alert.time.started, alert.time.ended], [started, ended]);
      assert.equal(alert.time.occurred, '2026-05-01T10:05:00.781Z');
    });

  for (const type of ['incident.priority_updated', 'incident.annotated', 'incident.responder.added', 'service.updated'])
    it(`${type} neither fires nor resolves`, () => {
      const event = onlyEvent(pagerduty, requestOf(webhook(type)));
      assert.equal(event.type, `tocsin.event.pagerduty.${type.replaceAll('_', '-')}`);
      assert.equal(event.subject, 'PFQZPSY');
    });

  it('a redelivery is the same event', () => {
    for (const type of ['incident.triggered', 'incident.annotated']) {
      const again = webhook(type, { title: 'edited' });
      assert.equal(onlyEvent(pagerduty, requestOf(webhook(type))).id, onlyEvent(pagerduty, requestOf(again)).id);
    }
  });

  it('a ping starts nothing', () => {
    const body = webhook('pagey.ping', {}, { resource_type: 'pagey', data: { message: 'Hello', type: 'ping' } });
    assert.ok(pagerduty.recognises(requestOf(body)));
    const { events, rejected, control } = pagerduty.toEvents(requestOf(body));
    assert.deepEqual([events, rejected, control?.kind], [[], [], 'ping']);
  });
});

describe('pagerduty Events API v2', () => {
  it('reads what the tool reports', () => {
    const alert = read(TRIGGER);
    assert.deepEqual([alert.status, alert.title, alert.name], ['firing', 'Disk is full', 'disk']);
    assert.deepEqual(alert.severity, { number: 21, text: 'critical' });
    assert.equal(alert.time.occurred, '2026-05-01T10:00:00Z');
    assert.deepEqual(alert.location.region, { value: 'eu-1', from: 'payload.custom_details.region' });
    assert.deepEqual(alert.labels, { source: 'db-1', component: 'postgres', class: 'disk' });
    assert.deepEqual(alert.annotations, { region: 'eu-1', free: '3' });
  });

  it('trigger, acknowledge and resolve have one key', () => {
    const key = read(TRIGGER).alertKey;
    for (const [action, status] of [
      ['acknowledge', 'acknowledged'],
      ['resolve', 'resolved'],
      ['other', 'unknown'],
    ]) {
      const alert = read({ ...BARE, event_action: action });
      assert.deepEqual([alert.alertKey, alert.status, alert.statusText], [key, status, action]);
    }
    assert.notEqual(read({ ...TRIGGER, routing_key: 'another' }).alertKey, key);
  });

  it('a trigger without a key of its own is told apart by its bytes', () => {
    const { dedup_key: _key, ...keyless } = TRIGGER;
    assert.equal(read(keyless).alertKey, read(keyless).alertKey);
    assert.notEqual(read(keyless).alertKey, read({ ...keyless, client: 'x' }).alertKey);
  });

  it('a change event is a plain event', () => {
    const change = {
      routing_key: TRIGGER.routing_key,
      payload: { summary: 'deployed', timestamp: '2026-05-01T10:00:00Z' },
    };
    const event = onlyEvent(pagerduty, requestOf(change));
    assert.deepEqual([event.type, event.time], ['tocsin.event.pagerduty.change', '2026-05-01T10:00:00Z']);
  });

  it('the routing key goes nowhere', () => {
    for (const body of [TRIGGER, { routing_key: TRIGGER.routing_key, payload: { summary: 'deployed' } }])
      assert.ok(!JSON.stringify(onlyEvent(pagerduty, requestOf(body))).includes(TRIGGER.routing_key));
  });
});

describe('pagerduty v2 webhooks', () => {
  it('are read with the key of v3', () => {
    const [firing, resolved] = [read(v2('incident.trigger')), read(v2('incident.resolve', { status: 'resolved' }))];
    assert.equal(firing.alertKey, 'test:incident:PFQZPSY');
    assert.deepEqual([firing.status, firing.time.started], ['firing', '2026-05-01T10:00:00Z']);
    assert.deepEqual([resolved.status, resolved.time.ended], ['resolved', '2026-05-01T10:04:00Z']);
    assert.equal(resolved.alertKey, firing.alertKey);
    assert.equal(read(v2('incident.acknowledge')).status, 'acknowledged');
    assert.equal(onlyEvent(pagerduty, requestOf(v2('incident.assign'))).type, 'tocsin.event.pagerduty.incident.assign');
  });
});

describe('pagerduty v1 webhooks', () => {
  const v1 = (type: string) => ({
    messages: [
      {
        id: 'm-1',
        type,
        created_on: '2026-05-01T10:04:00Z',
        data: {
          incident: {
            id: 'PFQZPSY',
            status: 'triggered',
            created_on: '2026-05-01T10:00:00Z',
            last_status_change_on: '2026-05-01T10:03:59Z',
            service: { id: 'P1', name: 'Shop' },
            trigger_summary_data: { subject: 'disk is full' },
          },
        },
      },
    ],
  });

  it('are read with the key of v3', () => {
    assert.ok(pagerduty.recognises(requestOf(v1('incident.trigger'))));
    const [firing, resolved] = [read(v1('incident.trigger')), read(v1('incident.resolve'))];
    assert.deepEqual([firing.alertKey, resolved.alertKey], ['test:incident:PFQZPSY', 'test:incident:PFQZPSY']);
    assert.deepEqual([firing.status, firing.time.started], ['firing', '2026-05-01T10:00:00Z']);
    assert.deepEqual([resolved.status, resolved.time.ended], ['resolved', '2026-05-01T10:03:59Z']);
    assert.deepEqual([firing.title, firing.resource], ['disk is full', { kind: 'service', id: 'P1', name: 'Shop' }]);
  });
});

describe('pagerduty', () => {
  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [webhook('incident.triggered', { id: null }), 'missing-identity /event/data/id'],
    [webhook('incident.triggered', {}, { event_type: null }), 'missing-status /event/event_type'],
    [webhook('incident.triggered', { created_at: 'x' }), 'time-not-rfc3339 /event/data/created_at'],
    [webhook('incident.annotated', {}, { id: 7 }), 'missing-identity /event/id'],
    [webhook('No Event!'), 'unknown-event /event/event_type'],
    [{ ...TRIGGER, event_action: undefined, payload: { severity: 'info' } }, 'missing-status /event_action'],
    [{ ...TRIGGER, event_action: 'resolve', dedup_key: '' }, 'missing-identity /dedup_key'],
    [BARE, 'missing-payload /payload'],
    [{ ...TRIGGER, payload: { timestamp: 'now' } }, 'time-not-rfc3339 /payload/timestamp'],
    [{ routing_key: 'r', payload: {} }, 'missing-summary /payload/summary'],
    [v2('incident.trigger', { id: null }), 'missing-identity /messages/0/incident/id'],
    [
      { messages: [{ type: 'incident.trigger', data: { incident: {} } }] },
      'missing-identity /messages/0/data/incident/id',
    ],
    [v2(null), 'missing-status /messages/0/event'],
    [{}, 'not-pagerduty /event'],
    [[], 'not-pagerduty '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () => assert.deepEqual(rejections(pagerduty.toEvents(requestOf(body))), [expected]));

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { raw, file } of fixturesOf('pagerduty')) {
      const request = requestOf(raw);
      assert.ok(pagerduty.recognises(request), file);
      assert.equal(onlyAlert(pagerduty, request).status, 'firing');
    }
    const { raw } = fixture('pagerduty__v3-incident-triggered__zulip-zulip.json');
    assert.equal(onlyAlert(pagerduty, requestOf(raw)).time.started, '2021-06-04T13:35:29.781Z');
  });

  it('never throws', () => assertTotal(pagerduty, [webhook('incident.resolved'), TRIGGER, v2('incident.trigger')]));
});
