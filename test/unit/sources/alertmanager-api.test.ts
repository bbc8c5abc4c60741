import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../../triggers/events/alert.ts';
import { alertmanagerApi } from '../../../triggers/sources/alertmanager-api.ts';
import { alertmanager } from '../../../triggers/sources/alertmanager.ts';
import { labelFingerprint } from '../../../triggers/sources/label-fingerprint.ts';
import { fixture, fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, rejections, requestOf } from '../../support/source-request.ts';

const LABELS = { alertname: 'DiskFull', severity: 'critical', region: 'eu-west-1', cluster: 'prod' };
const ALERT = {
  annotations: { summary: 'Disk is full' },
  endsAt: '2026-06-01T12:04:00.000Z',
  fingerprint: 'aae7a1432b5d2f1b',
  receivers: [{ name: 'team' }],
  startsAt: '2026-06-01T11:00:00.123Z',
  status: { inhibitedBy: [], silencedBy: [], state: 'active' },
  updatedAt: '2026-06-01T11:59:00.000Z',
  generatorURL: 'http://prometheus/graph',
  labels: LABELS,
};
const inState = (state: unknown) => ({ ...ALERT, status: { ...ALERT.status, state } });
const read = (body: unknown) => onlyAlert(alertmanagerApi, requestOf(body));

const POSTED = {
  labels: { alertname: 'DiskFull', instance: 'a:9100', job: 'node' },
  annotations: { summary: 'Disk is full' },
  startsAt: '2026-06-01T11:00:00.123Z',
  endsAt: '2026-06-01T12:04:00.123Z',
  generatorURL: 'http://prometheus/graph',
};

describe('alertmanager API, what Prometheus posts', () => {
  for (const [why, endsAt, status, ended] of [
    ['an end that lies ahead is a forecast', '2026-06-01T12:04:00.123Z', 'firing', null],
    ['an end hours ahead too', '2026-06-02T12:00:00Z', 'firing', null],
    ['an end that has come', '2026-06-01T11:59:59Z', 'resolved', '2026-06-01T11:59:59Z'],
    ['an end that is not set', '0001-01-01T00:00:00Z', 'firing', null],
    ['no end', undefined, 'firing', null],
  ] as const)
    it(`${why}: ${status}`, () => {
      assert.ok(alertmanagerApi.recognises(requestOf([null, { ...POSTED, endsAt }])));
      const alert = read([{ ...POSTED, endsAt }]);
      assert.deepEqual([alert.status, alert.time.ended], [status, ended]);
      assert.equal(alert.time.started, '2026-06-01T11:00:00.123Z');
    });

  it('only labels must be posted', () => {
    const body = [{ labels: POSTED.labels }];
    assert.ok(alertmanagerApi.recognises(requestOf(body)));
    const alert = read(body);
    assert.deepEqual([alert.status, alert.time.occurred, alert.alertKey], ['firing', null, read([POSTED]).alertKey]);
    assert.equal(alertmanagerApi.recognises(requestOf([{ labels: { app: 'web' } }])), false);
    assert.equal(alertmanagerApi.recognises(requestOf([{ ...body[0], name: 'of somebody else' }])), false);
  });

  it('the webhook of the same alert has the same key', () => {
    const fingerprint = labelFingerprint(POSTED.labels);
    const webhook = { groupKey: '{}', alerts: [{ ...POSTED, status: 'firing', fingerprint }] };
    assert.equal(read([POSTED]).alertKey, onlyAlert(alertmanager, requestOf(webhook)).alertKey);
  });

  it('labels without a value count for nothing in the fingerprint', () => {
    assert.equal(labelFingerprint({ a: '', ...POSTED.labels }), labelFingerprint(POSTED.labels));
    assert.equal(labelFingerprint({}), 'cbf29ce484222325');
  });

  it('the fingerprint is the one that Alertmanager writes', needsFixtures, () => {
    const { raw } = fixture('alertmanager-api__v2-alert-groups__prymitive-karma.json');
    const groups = JSON.parse(Buffer.from(raw).toString()) as { alerts: { labels: never; fingerprint: string }[] }[];
    for (const { labels, fingerprint } of groups.flatMap(({ alerts }) => alerts))
      assert.equal(labelFingerprint(labels), fingerprint);
  });
});

describe('alertmanager API', () => {
  for (const [state, status] of [
    ['active', 'firing'],
    ['suppressed', 'suppressed'],
    ['unprocessed', 'unknown'],
    ['else', 'unknown'],
  ] as const)
    it(`state ${state} is ${status}`, () => {
      const alert = read([inState(state)]);
      assert.deepEqual([alert.status, alert.statusText], [status, state]);
    });

  it('the webhook of the same alert has the same key', () => {
    const webhook = { groupKey: '{}', alerts: [{ ...ALERT, status: 'resolved' }] };
    assert.equal(read([ALERT]).alertKey, onlyAlert(alertmanager, requestOf(webhook)).alertKey);
  });

  it('the end of what still fires is no fact, its start and place are', () => {
    const { time, severity, location } = read([ALERT]);
    assert.deepEqual([time.started, time.ended], ['2026-06-01T11:00:00.123Z', null]);
    assert.equal(severity.number, 21);
    assert.deepEqual(location.region, { value: 'eu-west-1', from: 'labels.region' });
    assert.deepEqual(location.cluster, { value: 'prod', from: 'labels.cluster' });
  });

  it('reads groups, and version 1', () => {
    const group = { labels: {}, receiver: { name: 'team' }, alerts: [ALERT] };
    assert.equal(read([group]).group?.size, 1);
    assert.equal(read({ status: 'success', data: [ALERT] }).status, 'firing');
  });

  it('asked again, an alert that has not changed has the same id', () => {
    const idOf = (updatedAt: string) => alertmanagerApi.toEvents(requestOf([{ ...ALERT, updatedAt }])).events[0]?.id;
    assert.equal(idOf('2026-06-01T11:59:00Z'), idOf('2026-06-01T11:58:00Z'));
  });

  for (const [name, body, expected] of [
    ['an object', { alerts: [ALERT] }, ['not-alertmanager ']],
    ['a status that is text', [{ ...ALERT, status: 'firing' }], ['missing-status /0/status']],
    ['a status without state', [inState(undefined)], ['missing-status /0/status/state']],
    ['no labels', [{ alerts: [{ ...ALERT, labels: {} }] }], ['bad-labels /0/alerts/0/labels']],
    ['a group without a list', [{ alerts: {} }], ['not-a-group /0/alerts']],
    ['a bad start', [{ ...ALERT, startsAt: 'today' }], ['time-not-rfc3339 /0/startsAt']],
    ['something else', [1], ['not-an-object /0']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(rejections(alertmanagerApi.toEvents(requestOf(body))), expected));

  it('an empty list is nothing, and nobody is recognised by it', () => {
    assert.deepEqual(alertmanagerApi.toEvents(requestOf([])), { events: [], rejected: [] });
    assert.equal(alertmanagerApi.recognises(requestOf([])), false);
  });

  it('never throws', () => assertTotal(alertmanagerApi, [[ALERT], [{ labels: {}, alerts: [ALERT] }]]));

  it('reads a real answer', needsFixtures, () => {
    for (const { raw } of fixturesOf('alertmanager-api')) {
      const { events, rejected } = alertmanagerApi.toEvents(requestOf(raw));
      const statuses = new Set(events.map(({ data }) => (data as Alert).status));
      assert.deepEqual([events.length, rejected, [...statuses].toSorted()], [24, [], ['firing', 'suppressed']]);
    }
  });
});

describe('alertmanager webhook', () => {
  it('one alert that a relay passes on without its group has the same key', () => {
    const alert = { ...ALERT, status: 'resolved', endsAt: '2026-06-01T11:30:00Z' };
    assert.ok(alertmanager.recognises(requestOf(alert)));
    const { alertKey, status, group } = onlyAlert(alertmanager, requestOf(alert));
    assert.deepEqual([status, group], ['resolved', null]);
    assert.equal(alertKey, onlyAlert(alertmanager, requestOf({ groupKey: '{}', alerts: [alert] })).alertKey);
    assert.equal(alertmanager.recognises(requestOf({ ...alert, status: 'open' })), false);
    assert.deepEqual(rejections(alertmanager.toEvents(requestOf({ ...alert, startsAt: 'soon' }))), [
      'time-not-rfc3339 /startsAt',
    ]);
  });

  it('the test of a contact point starts nothing', () => {
    const groupKey = 'webhook-57c6d9296de2ad39-1656497352';
    const body = { version: '4', groupKey, alerts: [{ ...ALERT, status: 'firing' }] };
    const { events, rejected, control } = alertmanager.toEvents(requestOf(body));
    assert.deepEqual([events, rejected, control?.kind], [[], [], 'test']);
  });
});

describe('alertmanager webhook, version 3', () => {
  it('a group key beyond 2^53 keeps its digits', () => {
    const raw = `{"version":"3","groupKey": 5615590933959184469 ,"alerts":[${JSON.stringify({ ...ALERT, status: 'firing' })}]}`;
    assert.equal(onlyAlert(alertmanager, requestOf(raw)).group?.key, '5615590933959184469');
  });

  it('a truncated group says how many are missing', () => {
    const body = { groupKey: '{}', truncatedAlerts: 3, alerts: [{ ...ALERT, status: 'firing' }] };
    assert.equal(onlyAlert(alertmanager, requestOf(body)).group?.truncated, 3);
  });
});
