import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../../triggers/events/alert.ts';
import { alertmanager } from '../../../triggers/sources/alertmanager.ts';
import { grafana } from '../../../triggers/sources/grafana.ts';
import { fixture, fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const ALERT = {
  status: 'firing',
  labels: { alertname: 'DiskFull', grafana_folder: 'infra', region: 'eu-1', instance: 'db-1', severity: 'Critical' },
  annotations: { summary: 'disk is full', runbook_url: 'https://runbooks.example.com/disk' },
  startsAt: '2026-05-01T12:00:00.5+02:00',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'https://grafana.example.com/alerting/grafana/r1/view?orgId=1',
  fingerprint: 'c6eadffa33fcdf37',
  dashboardURL: '',
  panelURL: '',
  values: { A: 97.5 },
  valueString: "[ var='A' labels={} value=97.5 ]",
};
const GROUP = {
  receiver: 'tocsin',
  status: 'firing',
  orgId: 1,
  alerts: [ALERT],
  groupLabels: {},
  version: '1',
  groupKey: '{}:{alertname="DiskFull"}',
  truncatedAlerts: 3,
  title: '[FIRING:1] DiskFull',
  state: 'alerting',
  addedInSomeLaterRelease: { any: ['thing'] },
};
const LEGACY = {
  evalMatches: [{ metric: 'cpu', value: 97 }],
  orgId: 1,
  ruleId: 58,
  ruleName: 'CPU high',
  ruleUrl: 'https://grafana.example.com/d/1',
  state: 'alerting',
  tags: { severity: 'warning', region: 'eu-1' },
  title: '[Alerting] CPU high',
};
const group = (...changes: readonly object[]) => ({
  ...GROUP,
  alerts: changes.map((change) => ({ ...ALERT, ...change })),
});
const RESOLVED = { status: 'resolved', endsAt: '2026-05-01T10:30:00Z' };
const read = (body: unknown) => onlyAlert(grafana, requestOf(body));

describe('grafana, unified', () => {
  it('reads what the alert says', () => {
    const alert = read(GROUP);
    assert.equal(alert.status, 'firing');
    assert.equal(alert.name, 'DiskFull');
    assert.deepEqual(alert.severity, { number: 21, text: 'Critical' });
    assert.equal(alert.time.started, '2026-05-01T10:00:00.5Z');
    assert.equal(alert.time.ended, null);
    assert.deepEqual(alert.location.region, { value: 'eu-1', from: 'labels.region' });
    assert.equal(alert.location.account, null);
    assert.deepEqual(alert.resource, { kind: 'instance', id: 'db-1', name: 'db-1' });
    assert.deepEqual(alert.links, {
      source: ALERT.generatorURL,
      runbook: 'https://runbooks.example.com/disk',
      dashboard: null,
    });
    assert.equal(alert.annotations['valueString'], ALERT.valueString);
    assert.equal(alert.group?.truncated, 3);
  });

  it('firing and resolved of one alert have one key, and each its own status within a group', () => {
    const { events } = grafana.toEvents(requestOf(group({}, RESOLVED)));
    const [first, second] = events.map(({ data }) => data as Alert);
    assert.equal(first?.alertKey, second?.alertKey);
    assert.deepEqual(
      [first?.status, second?.status, second?.time.ended],
      ['firing', 'resolved', '2026-05-01T10:30:00Z'],
    );
  });

  it('a re-send after the repeat interval is the same event, another start is not', () => {
    const again = { ...GROUP, title: 'again', alerts: [{ ...ALERT, valueString: 'other' }] };
    assert.equal(onlyEvent(grafana, requestOf(GROUP)).id, onlyEvent(grafana, requestOf(again)).id);
    assert.notEqual(
      onlyEvent(grafana, requestOf(GROUP)).id,
      onlyEvent(grafana, requestOf(group({ startsAt: '2026-05-02T10:00:00Z' }))).id,
    );
  });

  it('an address that is relative is no link', () => {
    assert.equal(read(group({ generatorURL: '?orgId=1' })).links.source, null);
  });

  it('names the rule that had no data in the title', () => {
    const alert = read(group({ labels: { alertname: 'DatasourceNoData', rulename: 'CPU' }, annotations: {} }));
    assert.deepEqual([alert.name, alert.title], ['DatasourceNoData', 'DatasourceNoData: CPU']);
  });

  for (const alertname of ['DatasourceNoData', 'DatasourceError'])
    it(`${alertname} has one key for its firing and its resolve`, () => {
      const labels = { alertname, rulename: 'CPU', datasource_uid: 'abc', ref_id: 'A', grafana_folder: 'Shop' };
      const firing = read(group({ labels, annotations: { Error: 'timed out' }, values: null }));
      const resolved = read(group({ labels, annotations: {}, status: 'resolved', endsAt: '2026-05-01T10:30:00Z' }));
      assert.deepEqual([firing.status, resolved.status], ['firing', 'resolved']);
      assert.equal(firing.alertKey, resolved.alertKey);
    });

  for (const [why, body] of [
    ['group key of a contact point test', { ...GROUP, groupKey: 'webhook-57c6d9296de2ad39-1656497352' }],
    ['the contact point has blanks in its name', { ...GROUP, groupKey: 'on call (EU)-57c6d9296de2ad39-1656497352' }],
    [
      'labels and time of a test before Grafana 10',
      { ...GROUP, groupKey: '{alertname="Mine"}2026-05-01 10:00:00.5 +0000 UTC m=+42.1' },
    ],
    ['alert of a contact point test', group({ labels: { alertname: 'TestAlert', instance: 'Grafana' } })],
    ['legacy', { ...LEGACY, message: 'Someone is testing the alert notification within Grafana.' }],
  ] as const)
    it(`a test starts nothing: ${why}`, () => {
      const { events, rejected, control } = grafana.toEvents(requestOf(body));
      assert.deepEqual([events, rejected, control?.kind, control?.answer.status], [[], [], 'test', 200]);
    });
});

describe('grafana, legacy', () => {
  const STATES: readonly (readonly [state: string, status: string])[] = [
    ['alerting', 'firing'],
    ['ok', 'resolved'],
    ['no_data', 'unknown'],
    ['paused', 'suppressed'],
    ['pending', 'unknown'],
    ['of_a_later_version', 'unknown'],
    ['NO_DATA', 'unknown'],
    ['OK', 'resolved'],
  ];
  for (const [state, status] of STATES)
    it(`${state} is ${status}`, () => {
      const alert = read({ ...LEGACY, state });
      assert.deepEqual([alert.status, alert.statusText], [status, state]);
      assert.equal(alert.alertKey, 'test:org:1:rule:58');
    });

  it('reads tags, and has no time of its own', () => {
    const alert = read(LEGACY);
    assert.deepEqual(alert.severity, { number: 13, text: 'warning' });
    assert.deepEqual(alert.location.region, { value: 'eu-1', from: 'tags.region' });
    assert.equal(alert.time.occurred, null);
    assert.equal(alert.annotations['cpu'], '97');
  });

  it('keeps the digits of an id that a double cannot hold', () => {
    const text = JSON.stringify({ ...LEGACY, ruleId: 7 }).replace('"ruleId":7', '"ruleId":9223372036854775807');
    assert.equal(read(text).alertKey, 'test:org:1:rule:9223372036854775807');
  });
});

describe('grafana', () => {
  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [group({ status: undefined }), 'missing-status /alerts/0/status'],
    [group({ labels: null }), 'bad-labels /alerts/0/labels'],
    [group({ startsAt: 'yesterday' }), 'time-not-rfc3339 /alerts/0/startsAt'],
    [{ ...GROUP, alerts: [7] }, 'not-an-object /alerts/0'],
    [{ ...GROUP, alerts: undefined }, 'not-grafana /alerts'],
    [{ ...LEGACY, state: undefined }, 'missing-status /state'],
    [{ ...LEGACY, ruleId: null }, 'missing-identity /ruleId'],
    [[], 'not-grafana '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () => assert.deepEqual(rejections(grafana.toEvents(requestOf(body))), [expected]));

  it('is not Alertmanager', () => {
    const { orgId: _org, state: _state, ...rest } = GROUP;
    assert.equal(grafana.recognises(requestOf({ ...rest, version: '4' })), false);
    const { orgId: _o, state: _s, ...relayed } = GROUP;
    for (const kind of [alertmanager, grafana])
      assert.equal(kind.recognises(requestOf(relayed)), kind === grafana, 'by the fields of its alerts');
    // Some add fields of their own to what Alertmanager writes.
    for (const kind of [alertmanager, grafana])
      assert.equal(kind.recognises(requestOf({ ...GROUP, version: '4' })), kind === alertmanager);
    assert.ok(grafana.recognises(requestOf(GROUP)));
    assert.ok(grafana.recognises(requestOf(LEGACY)));
  });

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { raw, file } of [...fixturesOf('grafana'), ...fixturesOf('grafana-legacy')]) {
      const request = requestOf(raw);
      assert.ok(grafana.recognises(request), file);
      const { events, rejected } = grafana.toEvents(request);
      assert.deepEqual(rejected, []);
      for (const { type } of events) assert.equal(type, 'tocsin.alert.firing');
    }
    const { raw } = fixture('grafana__unified-v8-firing-2-offset__zulip-zulip.json');
    const alerts = grafana.toEvents(requestOf(raw)).events.map(({ data }) => data as Alert);
    assert.deepEqual(
      alerts.map(({ time, location }) => [time.started, location.zone]),
      [
        ['2021-10-12T07:51:03.157076Z', { value: 'us-1', from: 'labels.zone' }],
        ['2021-10-12T07:56:03.157076Z', { value: 'eu-1', from: 'labels.zone' }],
      ],
    );
  });

  it('never throws', () => assertTotal(grafana, [GROUP, LEGACY]));
});
