import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Alert } from '../../triggers/events/alert.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';
import { MAX_ITEMS } from '../../triggers/sources/read.ts';
import { RECEIVED, readRequest } from '../support/read-request.ts';

const LABELS = { alertname: 'ServiceDown', service: 'checkout', severity: 'critical' };
const firing = {
  status: 'firing',
  labels: LABELS,
  annotations: { summary: 'checkout fails', description: 'since ten', runbook_url: 'http://runbooks.example/1' },
  startsAt: '2026-06-01T11:00:00.123456789+02:00',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example/graph',
  fingerprint: 'a1bc48475b20e73d',
};
const resolved = { ...firing, status: 'resolved', endsAt: '2026-06-01T11:30:00Z' };
const group = (...alerts: unknown[]) => ({ version: '4', groupKey: '{}:{}', truncatedAlerts: 0, alerts });
const read = (...alerts: unknown[]) => readRequest(alertmanager, group(...alerts));
const alertsOf = async (...alerts: unknown[]): Promise<Alert[]> =>
  (await read(...alerts)).events.map(({ data }) => data as Alert);
const keyOf = async (alert: unknown): Promise<string> => (await alertsOf(alert))[0]?.alertKey ?? assert.fail('refused');

describe('alertmanager: one alert', () => {
  it('becomes an event with everything its sender said, and nothing it did not', async () => {
    const { events, publications } = await read(firing);
    const [event] = events;
    assert.ok(event);
    const { id, data, ...envelope } = event;
    assert.match(id, /^firing-[0-9a-f]{32}$/);
    const { alertKey, raw, ...alert } = data as Alert;
    assert.match(alertKey, /^prod:ServiceDown:a1bc48475b20e73d-[0-9a-f]{8}$/);
    assert.match(raw.sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(envelope, {
      specversion: '1.0',
      source: 'tocsin:/in/prod',
      type: 'tocsin.alert.firing',
      datacontenttype: 'application/json',
      partitionkey: alertKey,
      recordedtime: RECEIVED,
      time: '2026-06-01T09:00:00.123456789Z',
      severitynumber: 21,
      severitytext: 'critical',
    });
    assert.deepEqual(alert, {
      status: 'firing',
      statusText: 'firing',
      name: 'ServiceDown',
      severity: { number: 21, text: 'critical' },
      time: {
        occurred: '2026-06-01T09:00:00.123456789Z',
        started: '2026-06-01T09:00:00.123456789Z',
        ended: null,
        received: RECEIVED,
        original: { started: firing.startsAt },
      },
      resource: { kind: 'service', id: 'checkout', name: 'checkout' },
      location: { cloud: null, account: null, region: null, zone: null, cluster: null },
      title: 'checkout fails',
      description: 'since ten',
      labels: LABELS,
      annotations: firing.annotations,
      links: { source: firing.generatorURL, runbook: 'http://runbooks.example/1', dashboard: null },
      group: { key: '{}:{}', size: 1, truncated: 0, reason: null },
      delivery: null,
    });
    assert.equal(publications[0]?.subject, 'events.eu.urgent.alertmanager.tocsin-alert-firing');
  });

  it('says of each place where it was read from', async () => {
    const labels = { ...LABELS, aws_region: 'eu-west-1', account_id: '12', zone: 'a', k8s_cluster: 'blue', region: '' };
    const [alert] = await alertsOf({ ...firing, labels });
    assert.deepEqual(alert?.location, {
      cloud: null,
      account: { value: '12', from: 'labels.account_id' },
      region: { value: 'eu-west-1', from: 'labels.aws_region' },
      zone: { value: 'a', from: 'labels.zone' },
      cluster: { value: 'blue', from: 'labels.k8s_cluster' },
    });
  });

  it('an unknown severity is kept as written, has no number and takes the normal lane', async () => {
    const { events, publications } = await read({ ...firing, labels: { ...LABELS, severity: 'banana' } });
    assert.deepEqual((events[0]?.data as Alert | undefined)?.severity, { number: null, text: 'banana' });
    assert.ok(events[0] && !('severitynumber' in events[0]));
    assert.equal(publications[0]?.subject, 'events.eu.normal.alertmanager.tocsin-alert-firing');
  });

  it('a status of its own making is unknown, which neither fires nor resolves', async () => {
    const { events } = await read({ ...firing, status: 'suppressed?' });
    assert.equal(events[0]?.type, 'tocsin.alert.unknown');
    assert.equal((events[0]?.data as Alert | undefined)?.statusText, 'suppressed?');
  });

  it('times that are not set are null, and the end of what still fires is a forecast', async () => {
    const [zero, forecast, none] = await alertsOf(
      { ...resolved, startsAt: '1970-01-01T00:00:00Z', endsAt: '0001-01-01T00:00:00Z' },
      { ...firing, endsAt: '2026-06-01T18:00:00Z' },
      { status: 'firing', labels: LABELS, startsAt: '', endsAt: null },
    );
    assert.deepEqual([zero?.time.started, zero?.time.ended, zero?.time.occurred], [null, null, null]);
    assert.equal(forecast?.time.ended, null);
    assert.deepEqual([none?.time.started, none?.time.original], [null, {}]);
  });
});

describe('alertmanager: identity', () => {
  it('firing and resolve of the same thing share the key and differ in id', async () => {
    const { events } = await read(firing, resolved);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['tocsin.alert.firing', 'tocsin.alert.resolved'],
    );
    assert.equal(events[0]?.partitionkey, events[1]?.partitionkey);
    assert.notEqual(events[0]?.id, events[1]?.id);
  });

  it('a redelivery has the same id, whatever else is in the group; another episode has another', async () => {
    const later = { ...firing, startsAt: '2026-06-01T11:45:00Z' };
    const first = await read(firing);
    const again = await read({ ...resolved, fingerprint: 'ffff' }, { ...firing, generatorURL: 'http://other.example' });
    assert.equal(again.events[1]?.id, first.events[0]?.id);
    assert.equal(again.publications[1]?.options.msgId, first.publications[0]?.options.msgId);
    assert.notEqual((await read(later)).events[0]?.id, first.events[0]?.id);
  });

  it('the order of labels does not matter, their values do', async () => {
    const { fingerprint: _, ...bare } = firing;
    const turned = Object.fromEntries(Object.entries(LABELS).toReversed());
    assert.equal(await keyOf({ ...bare, labels: turned }), await keyOf(bare));
    assert.notEqual(await keyOf({ ...bare, labels: { ...LABELS, service: 'cart' } }), await keyOf(bare));
    assert.match(await keyOf(bare), /^prod:ServiceDown:[0-9a-f]{24}$/);
  });

  it('one fingerprint for different labels, and different fingerprints for the same labels, are different alerts', async () => {
    const keys = [
      await keyOf(firing),
      await keyOf({ ...firing, labels: { ...LABELS, service: 'cart' } }),
      await keyOf({ ...firing, fingerprint: 'b1bc48475b20e73d' }),
    ];
    assert.equal(new Set(keys).size, 3);
  });

  it('names with what a subject must never hold are told apart and reach no subject', async () => {
    const names = ['a.*> b', 'a b', 'a-b', 'a\r\nPUB x', 'x'.repeat(5_000), `${'x'.repeat(99)}\u{1f600}`];
    const { events, publications, decoded } = await read(
      ...names.map((alertname) => ({ ...firing, labels: { ...LABELS, alertname } })),
    );
    assert.equal(new Set(events.map(({ partitionkey }) => partitionkey)).size, names.length);
    for (const { subject, options } of publications) {
      assert.equal(subject, 'events.eu.urgent.alertmanager.tocsin-alert-firing');
      assert.match(options.msgId ?? '', /^[0-9a-f]{32}$/);
    }
    assert.deepEqual(
      decoded.map(({ ok }) => ok),
      names.map(() => true),
    );
  });
});

describe('alertmanager: values that are not there', () => {
  it('an annotation that is null is missing, and costs nobody the alert', async () => {
    const [alert] = await alertsOf({
      ...firing,
      annotations: { summary: null, runbook_url: 'http://r', value: 7, deep: {} },
    });
    assert.deepEqual([alert?.annotations, alert?.title], [{ runbook_url: 'http://r', value: '7' }, 'ServiceDown']);
  });

  it('a label that is null is no label: the key is the one without it', async () => {
    const [alert] = await alertsOf({ ...firing, labels: { ...firing.labels, team: null } });
    assert.deepEqual(alert?.labels, firing.labels);
    assert.equal(alert.alertKey, await keyOf(firing));
  });

  it('more labels than anybody gives are refused', async () => {
    const labels = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`l${i}`, 'x']));
    const { reasons } = await read({ ...firing, labels });
    assert.deepEqual(reasons, ['0 bad-labels /alerts/0/labels']);
  });
});

const REFUSED: readonly (readonly [why: string, alert: unknown, expected: string])[] = [
  ['no status', { ...firing, status: undefined }, '0 missing-status /alerts/0/status'],
  ['an empty status', { ...firing, status: '' }, '0 missing-status /alerts/0/status'],
  ['a status that is an object, as the API has it', { ...firing, status: {} }, '0 missing-status /alerts/0/status'],
  ['no labels', { ...firing, labels: undefined }, '0 bad-labels /alerts/0/labels'],
  ['labels without any label', { ...firing, labels: {} }, '0 bad-labels /alerts/0/labels'],
  ['a label that is a number', { ...firing, labels: { alertname: 1 } }, '0 bad-labels /alerts/0/labels/alertname'],
  ['labels of which none has a value', { ...firing, labels: { alertname: null } }, '0 bad-labels /alerts/0/labels'],
  ['labels as an array', { ...firing, labels: ['a'] }, '0 bad-labels /alerts/0/labels'],
  ['annotations as a text', { ...firing, annotations: 'a' }, '0 bad-annotations /alerts/0/annotations'],
  ['a start tomorrow', { ...firing, startsAt: '2026-06-02T12:00:01Z' }, '0 time-in-the-future /alerts/0/startsAt'],
  ['a start in 1980', { ...firing, startsAt: '1980-01-01T00:00:00Z' }, '0 time-ancient /alerts/0/startsAt'],
  ['a start in words', { ...firing, startsAt: 'today' }, '0 time-not-rfc3339 /alerts/0/startsAt'],
  ['a start as a number', { ...firing, startsAt: 1780311600 }, '0 time-not-rfc3339 /alerts/0/startsAt'],
  ['an end in words', { ...resolved, endsAt: 'soon' }, '0 time-not-rfc3339 /alerts/0/endsAt'],
  ['more than a message holds', { ...firing, annotations: { a: 'x'.repeat(600_000) } }, '0 event-too-large'],
  ['null instead of an alert', null, '0 not-an-object /alerts/0'],
  ['a text instead of an alert', 'firing', '0 not-an-object /alerts/0'],
];

describe('alertmanager: what cannot be an alert is named, and its neighbour is stored', () => {
  for (const [why, alert, expected] of REFUSED) {
    it(why, async () => {
      const { reasons, events } = await read(alert, resolved);
      assert.deepEqual(reasons, [expected]);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['tocsin.alert.resolved'],
      );
    });
  }

  it('each is named by its own index, also those that only the size limit refuses', async () => {
    const large = { ...firing, annotations: { a: 'x'.repeat(600_000) } };
    const { reasons, events } = await read({}, firing, large, resolved, { ...firing, status: 1 });
    assert.deepEqual(reasons, [
      '0 bad-labels /alerts/0/labels',
      '2 event-too-large',
      '4 missing-status /alerts/4/status',
    ]);
    assert.equal(events.length, 2);
  });

  it('beyond the bound of items one rejection speaks for all', async () => {
    const { reasons, events } = await read(firing, ...Array.from({ length: MAX_ITEMS + 50 }, () => 0));
    assert.equal(events.length, 1);
    assert.equal(reasons.length, MAX_ITEMS);
    assert.equal(reasons.at(-1), `${MAX_ITEMS} too-many-events`);
  });

  for (const body of ['null', '[]', '"x"', '7', '{}', '{"alerts":{}}', '{"alerts":"x"}'])
    it(`a body ${body} is no group`, async () => {
      const { reasons, stored } = await readRequest(alertmanager, body);
      assert.match(reasons[0] ?? '', /^- not-alertmanager/);
      assert.equal(stored.length, 0);
    });

  it('a group without alerts stores nothing and complains about nothing', async () => {
    const { stored, rejected } = await read();
    assert.deepEqual([stored, rejected], [[], []]);
  });

  it('whatever JSON comes, nothing is thrown and what is stored can be read by the consumer', async () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.constantFrom('firing', 'resolved'));
    const alert = fc.record(
      {
        status: fc.oneof(text, fc.jsonValue()),
        labels: fc.oneof(fc.dictionary(text, text), fc.jsonValue()),
        annotations: fc.oneof(fc.dictionary(text, text), fc.jsonValue()),
        startsAt: fc.oneof(text, fc.jsonValue()),
        fingerprint: fc.oneof(text, fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(fc.jsonValue(), fc.record({ alerts: fc.array(fc.oneof(alert, fc.jsonValue())) }));
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const { decoded } = await readRequest(alertmanager, JSON.stringify(value));
        for (const each of decoded) assert.ok(each.ok, JSON.stringify(each));
      }),
      { numRuns: 500 },
    );
  });
});
