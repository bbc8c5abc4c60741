import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { valueAt } from '../../../triggers/events/json-pointer.ts';
import type { GenericMapping } from '../../../triggers/sources/generic-mapping.ts';
import { createGeneric } from '../../../triggers/sources/generic.ts';
import { toSender } from '../../../workers/roles/configured-sender.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const MAPPING: GenericMapping = {
  key: ['/host', '/check/id'],
  status: {
    at: '/state',
    firing: ['bad', 2],
    resolved: ['ok', 0, false],
    acknowledged: ['seen'],
    suppressed: ['muted'],
  },
  severity: '/level',
  time: { at: '/at', unit: 'ms' },
  title: '/text',
  link: '/url',
  labels: { dc: '/where/dc', constructor: '/host' },
  location: { region: '/where/region' },
};
const BODY = {
  host: 'db-7',
  check: { id: 4 },
  state: 'bad',
  level: 'critical',
  at: 1_777_629_600_000,
  text: 'Disk is full',
  url: 'https://example.com/4',
  where: { dc: 'fra1', region: 'eu-central' },
};
const source = createGeneric(MAPPING);
const read = (body: unknown, mapping = MAPPING) => onlyAlert(createGeneric(mapping), requestOf(body));

describe('generic', () => {
  for (const [state, status] of [
    ['bad', 'firing'],
    [2, 'firing'],
    ['2', 'firing'],
    ['ok', 'resolved'],
    [0, 'resolved'],
    [false, 'resolved'],
    ['seen', 'acknowledged'],
    ['muted', 'suppressed'],
    ['odd', 'unknown'],
  ] as const)
    it(`${JSON.stringify(state)} is ${status}, of the same thing`, () => {
      const alert = read({ ...BODY, state });
      assert.deepEqual([alert.status, alert.statusText], [status, String(state)]);
      assert.equal(alert.alertKey, read(BODY).alertKey);
    });

  it('reads what the mapping names', () => {
    const alert = read(BODY);
    assert.equal(alert.alertKey, 'test:["db-7","4"]');
    assert.deepEqual(alert.severity, { number: 21, text: 'critical' });
    assert.equal(alert.time.occurred, '2026-05-01T10:00:00Z');
    assert.equal(read({ ...BODY, state: 'ok' }).time.ended, '2026-05-01T10:00:00Z');
    assert.deepEqual([alert.title, alert.links.source], ['Disk is full', 'https://example.com/4']);
    assert.deepEqual(alert.labels, { dc: 'fra1' });
    assert.deepEqual(alert.location.region, { value: 'eu-central', from: 'where.region' });
  });

  it('what is not there is null', () => {
    const alert = read({ host: 'db-7', check: { id: 4 }, state: 'bad' });
    assert.deepEqual(
      [alert.title, alert.severity.text, alert.time.occurred, alert.location.region],
      [null, null, null, null],
    );
  });

  for (const [unit, at, expected] of [
    ['s', 1_777_629_600, '2026-05-01T10:00:00Z'],
    ['s', '1777629600.25', '2026-05-01T10:00:00.25Z'],
    ['ms', '1777629600123', '2026-05-01T10:00:00.123Z'],
    ['ns', '1777629600123456789', '2026-05-01T10:00:00.123456789Z'],
    ['us', '1777629600123456', '2026-05-01T10:00:00.123456Z'],
    ['any', 1_777_629_600_123, '2026-05-01T10:00:00.123Z'],
    ['any', '2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00Z'],
    ['any', 0, null],
    ['s', 0, null],
    ['rfc1123', 'Fri, 01 May 2026 10:00:00 GMT', '2026-05-01T10:00:00Z'],
    ['rfc3339', '2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00Z'],
    ['rfc3339', '0001-01-01T00:00:00Z', null],
    ['rfc3339', '', null],
  ] as const)
    it(`time in ${unit}: ${JSON.stringify(at)}`, () =>
      assert.equal(read({ ...BODY, at }, { ...MAPPING, time: { at: '/at', unit } }).time.occurred, expected));

  for (const [unit, at] of [
    ['any', { toString: null }],
    ['any', [1_777_629_600]],
    ['any', -5],
    ['any', 'Fri, 01 May 2026 10:00:00 GMT'],
    ['s', true],
    ['rfc1123', '2026-05-01'],
    ['rfc3339', 1_777_629_600],
    ['rfc3339', '2026-02-30T10:00:00Z'],
  ] as const)
    it(`${JSON.stringify(at)} is no time in ${unit}`, () => {
      const local = createGeneric({ ...MAPPING, time: { at: '/at', unit } });
      assert.deepEqual(rejections(local.toEvents(requestOf({ ...BODY, at }))), ['time-not-rfc3339 /at']);
    });

  it('what began when is told apart, and is the same for the resolve', () => {
    const mapping: GenericMapping = { ...MAPPING, started: { at: '/since', unit: 's' } };
    const since = 1_777_626_000;
    const [fired, ended] = [read({ ...BODY, since }, mapping), read({ ...BODY, since, state: 'ok' }, mapping)];
    assert.deepEqual([fired.time.started, ended.time.started], ['2026-05-01T09:00:00Z', '2026-05-01T09:00:00Z']);
    assert.deepEqual([fired.time.ended, ended.time.ended], [null, '2026-05-01T10:00:00Z']);
  });

  for (const [level, text, number] of [
    [5, '5', 21],
    ['5', '5', 21],
    ['dringend', 'dringend', 21],
    [true, 'true', 13],
    ['warning', 'warning', 13],
    [3, '3', null],
    [{}, null, null],
  ] as const)
    it(`severity ${JSON.stringify(level)} is ${number}`, () => {
      const severities = { critical: [5, 'dringend'], warning: [true] };
      const { severity } = read({ ...BODY, level }, { ...MAPPING, severities });
      assert.deepEqual(severity, { number, text });
    });

  it('names with slashes and tildes are found, and told as they are', () => {
    const mapping: GenericMapping = {
      ...MAPPING,
      labels: { mount: '/m~1n/o~0p', literal: '/~01' },
      location: { cluster: '/where/k8s~1name' },
    };
    const alert = read({ ...BODY, 'm/n': { 'o~p': '/var' }, '~1': 'x', where: { 'k8s/name': ' c7 ' } }, mapping);
    assert.deepEqual(alert.labels, { mount: '/var', literal: 'x' });
    assert.deepEqual(alert.location.cluster, { value: 'c7', from: 'where.k8s/name' });
  });

  it('ids beyond 2^53 stay apart', () => {
    const raw = (id: string) => JSON.stringify({ ...BODY, check: { id: 'ID' } }).replace('"ID"', id);
    assert.equal(read(raw('9007199254740993')).alertKey, 'test:["db-7","9007199254740993"]');
    assert.notEqual(read(raw('9007199254740993')).alertKey, read(raw('9007199254740992')).alertKey);
  });

  it('a long list of them is read through once', () => {
    const many = createGeneric({ ...MAPPING, items: '/alerts', time: { at: '/at', unit: 'ns' } });
    const alerts = Array.from({ length: 5_000 }, () =>
      JSON.stringify({ ...BODY, at: 0 }).replace('"at":0', '"at":1777629600123456789'),
    );
    const { events } = many.toEvents(requestOf(`{"alerts":[${alerts.join(',')}]}`));
    assert.deepEqual(new Set(events.map(({ time }) => time)), new Set(['2026-05-01T10:00:00.123456789Z']));
    assert.equal(events.length, 5_000);
  });

  it('a list of alerts, each for itself', () => {
    const many = createGeneric({ ...MAPPING, items: '/alerts' });
    const { events, rejected } = many.toEvents(requestOf({ alerts: [BODY, { ...BODY, state: null }, 7] }));
    assert.equal(events.length, 1);
    assert.deepEqual(
      rejected.map(({ index, reason, place }) => `${index} ${reason} ${place}`),
      ['1 missing-status /alerts/1/state', '2 missing-identity /alerts/2/host'],
    );
    assert.deepEqual(rejections(many.toEvents(requestOf({}))), ['missing-items /alerts']);
    assert.equal(createGeneric({ ...MAPPING, items: '' }).toEvents(requestOf([BODY, BODY])).events.length, 2);
  });

  for (const [name, body, expected] of [
    ['no identity', { ...BODY, check: {} }, ['missing-identity /check/id']],
    ['an empty identity', { ...BODY, host: '' }, ['missing-identity /host']],
    ['a blank identity', { ...BODY, host: ' ' }, ['missing-identity /host']],
    ['an identity that is none', { ...BODY, host: ['db-7'] }, ['missing-identity /host']],
    ['no state', { ...BODY, state: [] }, ['missing-status /state']],
    ['a bad time', { ...BODY, at: 'now' }, ['time-not-rfc3339 /at']],
    ['a text', '"x"', ['not-json ']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(rejections(source.toEvents(requestOf(body))), expected));

  it('a time without an offset is in the sender’s zone; the text stays beside the instant', () => {
    const { times } = toSender({ name: 'x', kind: 'alertmanager', auth: { kind: 'none' }, zone: 'Europe/Berlin' });
    assert.ok(times);
    const local = createGeneric({ ...MAPPING, time: { at: '/at', unit: 'rfc3339' } });
    const { time } = onlyAlert(local, { ...requestOf({ ...BODY, at: '2026-05-01T12:00:00' }), times });
    assert.equal(time.occurred, '2026-05-01T10:00:00Z');
    assert.equal(time.original['occurred'], '2026-05-01T12:00:00');
    assert.deepEqual(rejections(local.toEvents(requestOf({ ...BODY, at: '2026-05-01T12:00:00' }))), [
      'time-not-rfc3339 /at',
    ]);
    assert.throws(
      () => toSender({ name: 'x', kind: 'alertmanager', auth: { kind: 'none' }, zone: 'Europe/berlin' }),
      /sender x, zone: .*did you mean Europe\/Berlin/,
    );
  });

  it('a redelivery has the same id', () => {
    const id = (receivedAt: string) => onlyEvent(source, requestOf(BODY, { receivedAt })).id;
    assert.equal(id('2026-06-01T12:00:00Z'), id('2026-06-01T13:00:00Z'));
  });

  it('never throws', () => assertTotal(source, [BODY]));

  it('one state or severity has one meaning', () => {
    const sender = (mapping: GenericMapping) =>
      toSender({ name: 'x', kind: 'generic', mapping, auth: { kind: 'none' } });
    const { status } = MAPPING;
    assert.throws(
      () => sender({ ...MAPPING, status: { ...status, firing: ['1'], resolved: [1] } }),
      /sender x, mapping: 1 is both firing and resolved/,
    );
    assert.throws(
      () => sender({ ...MAPPING, severities: { critical: [1, 1], info: [1] } }),
      /1 is both critical and info/,
    );
    assert.equal(sender({ ...MAPPING, severities: { critical: [1, '1'] } }).source.kind, 'generic');
  });

  it('a sender has a mapping if, and only if, its kind is generic', () => {
    const auth = { kind: 'none' } as const;
    assert.equal(toSender({ name: 'x', kind: 'generic', mapping: MAPPING, auth }).source.kind, 'generic');
    assert.throws(
      () => toSender({ name: 'x', kind: 'generic', auth }),
      /sender x has kind "generic"; expected a mapping/,
    );
    assert.throws(
      () => toSender({ name: 'x', kind: 'alertmanager', mapping: MAPPING, auth }),
      /has a mapping; only kind/,
    );
    assert.throws(() => toSender({ name: 'x', kind: 'y', auth }), /has kind "y"; expected one of alertmanager, /);
  });
});

describe('JSON Pointer', () => {
  const document = { a: [{ 'b/c': 1, 'd~e': 2, '': 3 }], n: null };
  for (const [pointer, expected] of [
    ['', document],
    ['/a/0/b~1c', 1],
    ['/a/0/d~0e', 2],
    ['/a/0/', 3],
    ['/n', null],
    ['/n/x', undefined],
    ['/a/1', undefined],
    ['/a/-', undefined],
    ['/a/length', undefined],
    ['/toString', undefined],
    ['/__proto__', undefined],
  ] as const)
    it(`"${pointer}"`, () => assert.deepEqual(valueAt(document, pointer), expected));
});
