/** `detect` reads a file of unknown origin: by content alone, and whatever it holds there is an answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { detect, detectAs } from '../../triggers/sources/detect.ts';
import { toSender } from '../../workers/roles/configured-sender.ts';
import { alertmanagerPayload } from '../support/payloads.ts';

const AT = '2026-06-01T12:00:00Z';
const look = (content: unknown, headers: Readonly<Record<string, string>> = {}) =>
  detect(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), headers, AT);
const summary = ({ source, events, rejected }: ReturnType<typeof detect>): string =>
  [source, events.length, ...rejected.map(({ reason, place }) => `${reason} ${place}`.trim())].join(' ');

const kubernetesEvent = { kind: 'Event', apiVersion: 'v1', metadata: { uid: 'u' }, type: 'Normal', involvedObject: {} };
const detection = { rule: 'r', priority: 'Error', output: 'o', output_fields: {} };
const apiAlert = { labels: { alertname: 'A' }, status: { state: 'active' } };
const event = { specversion: '1.0', id: '1', source: '/a', type: 'com.example.a' };

describe('detect', () => {
  for (const [name, content, expected] of [
    ['a webhook of Alertmanager', alertmanagerPayload('firing'), 'alertmanager 1'],
    ['one CloudEvent', event, 'cloudevents 1'],
    ['a batch of CloudEvents', [event, { ...event, id: '' }], 'cloudevents 1 not-a-cloudevent /1/id'],
    ['JSON that nobody knows', { a: 1 }, ' 0 unknown-format'],
    ['an empty list', [], ' 0 unknown-format'],
    ['nothing', '', ' 0 empty-body'],
    ['text', 'hello', ' 0 not-json'],
    ['a truncated body', '{"alerts":[{"status":"fir', ' 0 not-json'],
    ['equal keys', '{"a":1,"a":2}', ' 0 duplicate-key /a'],
    ['a key that changes prototypes', '{"alerts":[],"__proto__":{}}', ' 0 forbidden-key /__proto__'],
    ['too deep', '['.repeat(100), ' 0 too-deep'],
    [
      'a bad line among those of Kubernetes',
      `{"a"\n${JSON.stringify(kubernetesEvent)}\nnull`,
      'kubernetes 1 not-json /0 not-an-object /2',
    ],
    ['a line that is too deep', `${'['.repeat(70)}\n${JSON.stringify(kubernetesEvent)}`, 'kubernetes 1 too-deep /0'],
    [
      'a list whose first item is nothing',
      { kind: 'EventList', apiVersion: 'v1', items: [null, kubernetesEvent] },
      'kubernetes 1 not-an-object /items/0',
    ],
    ['lines of Falco after a bad one', `1\n${JSON.stringify(detection)}`, 'falco 1 not-an-object /0'],
    ['a list of alerts whose first is nothing', [null, apiAlert], 'alertmanager-api 1 not-an-object /0'],
    [
      'a list of groups whose first is nothing',
      [null, { alerts: [7, apiAlert] }],
      'alertmanager-api 1 not-an-object /0 not-an-object /1/alerts/0',
    ],
    [
      'messages of a queue of which one is nothing',
      { Records: [null, { eventSource: 'aws:sqs', messageId: '1', body: 'x' }] },
      'aws-sqs 1 not-an-object /Records/0',
    ],
    [
      'records of a topic of which one is nothing',
      { Records: [null, { EventSource: 'aws:sns', Sns: { Type: 'Notification', MessageId: '1', Message: 'x' } }] },
      'aws-sns 1 not-an-object /Records/0/Sns',
    ],
    ['a batch whose first event is nothing', [null, event], 'cloudevents 1 not-a-cloudevent /0'],
  ] as const)
    it(name, () => assert.equal(summary(look(content)), expected));

  it('bytes that are no text', () =>
    assert.equal(summary(detect(Uint8Array.from([0x7b, 0xff, 0x7d]), {}, AT)), ' 0 not-utf8'));

  it('headers say what the body does not', () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 'com.example.a' };
    assert.equal(summary(look({ a: 1 }, headers)), 'cloudevents 1');
    assert.equal(look({ action: 'x', repository: {} }, { 'x-github-event': 'issues' }).source, 'github');
  });

  it('an event in binary mode is one, whoever wrote what is in it', () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 'falco.rule.output.v1' };
    const { source, events } = look(detection, headers);
    assert.deepEqual([source, events[0]?.type, events[0]?.data], ['cloudevents', 'falco.rule.output.v1', detection]);
    const carrying = look({ ...event, data: alertmanagerPayload('firing') });
    assert.deepEqual([carrying.source, carrying.events[0]?.type], ['cloudevents', 'tocsin.alert.firing']);
  });

  it('a content type tells an empty batch, and JSON from what only looks like it', () => {
    const batch = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' };
    assert.equal(summary(look([], batch)), 'cloudevents 0');
    const binary = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 'com.example.a' };
    assert.equal(look('{"a":1}', { ...binary, 'content-type': 'text/plain' }).events[0]?.data, '{"a":1}');
    assert.equal(summary(look('{"a"', binary)), 'cloudevents 0 not-json');
    const bytes = { ...binary, 'content-type': 'application/octet-stream' };
    assert.equal(detect(Uint8Array.from([0xff]), bytes, AT).events[0]?.data_base64, '/w==');
    assert.equal(summary(look('', { ...binary, 'content-type': 'application/json' })), 'cloudevents 1');
  });

  it('is total', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const header = fc.constantFrom('ce-id', 'ce-specversion', 'x-github-event', 'content-type', 'sentry-hook-resource');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
        ),
        fc.dictionary(header, fc.string()),
        (bytes, headers) => {
          const { events, rejected } = detect(bytes, headers, AT);
          for (const { reason, place } of rejected) assert.ok(reason !== '' && (place === '' || place.startsWith('/')));
          for (const { specversion } of events) assert.equal(specversion, '1.0');
        },
      ),
      { numRuns: 500 },
    );
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
  });

  it('bytes that are no text spoil their own line only', () => {
    const raw = Buffer.concat([Uint8Array.from([0x7b, 0xff, 0x0a]), Buffer.from(JSON.stringify(kubernetesEvent))]);
    assert.equal(summary(detect(raw, {}, AT)), 'kubernetes 1 not-utf8 /0');
  });

  it('an integer beyond 2^53 keeps its digits, wherever it stands', () => {
    const body = '{"specversion":"1.0","id":"1","source":"/a","type":"com.example.a","data":{"id":9007199254740993}}';
    assert.deepEqual(look(body).events[0]?.data, { id: '9007199254740993' });
  });
});

describe('as a configured sender', () => {
  const { source, times } = toSender({
    name: 'watchdog',
    kind: 'generic',
    zone: 'Europe/Berlin',
    auth: { kind: 'none' },
    mapping: {
      items: '/alerts',
      key: ['/host'],
      status: { at: '/state', firing: ['down'] },
      time: { at: '/at', unit: 'rfc3339' },
    },
  });
  assert.ok(times);
  const readAs = (text: string) => detectAs({ name: 'watchdog', source, times }, Buffer.from(text), {}, AT);
  const down = '{"host":"db-7","state":"down","at":"2026-05-01T12:00:00"}';

  it('its mapping, zone and name count', () => {
    const { source: kind, events } = readAs(`{"alerts":[${down}]}`);
    assert.deepEqual(
      [kind, events[0]?.partitionkey, events[0]?.time],
      ['generic', 'watchdog:db-7', '2026-05-01T10:00:00Z'],
    );
  });

  for (const [name, text, expected] of [
    [
      'what is wrong with an item',
      `{"alerts":[{"host":1,"host":2},${down},7]}`,
      'generic 1 duplicate-key /alerts/0/host missing-identity /alerts/2/host',
    ],
    ['what no mapping finds', '{"a":1}', 'generic 0 missing-items /alerts'],
    ['a truncated body', '{"alerts":[', 'generic 0 not-json'],
    ['what no source may see', '{"a":1,"a":2}', ' 0 duplicate-key /a'],
  ] as const)
    it(name, () => assert.equal(summary(readAs(text)), expected));
});
