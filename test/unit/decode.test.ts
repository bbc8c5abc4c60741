import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { decode } from '../../triggers/path/decode.ts';
import { alertEvent } from '../support/events.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const KNOWN = new Set(['com.example.deployed']);
const STORED_AT = Date.parse('2026-06-01T12:00:00Z');
const message = (data: unknown, headers: Record<string, string> = {}): StoredMessage => ({
  stream: 'EVENTS_EU',
  subject: 'events.eu.normal.nats.x',
  sequence: 1,
  storedAt: STORED_AT,
  headers,
  data: data instanceof Uint8Array ? data : Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
});
const plain = { specversion: '1.0', id: 'd1', source: 's', type: 'com.example.deployed', data: { version: '2' } };
const binary = { 'ce-specversion': '1.0', 'ce-id': 'd1', 'ce-source': 's', 'ce-type': 'com.example.deployed' };
const alert = alertEvent('firing');

/** What a publisher on NATS sent, and the reason of its dead letter; null when it is an event. */
const CASES: readonly (readonly [string, StoredMessage, string | null])[] = [
  ['structured', message(plain), null],
  ['structured, an alert', message(alert), null],
  ['structured, data as base64', message({ ...plain, data: undefined, data_base64: 'eyJ2ZXJzaW9uIjoiMiJ9' }), null],
  ['binary', message({ version: '2' }, binary), null],
  ['binary, a percent-encoded header', message({ version: '2' }, { ...binary, 'ce-source': '%2Fa%20b' }), null],
  [
    'structured, its attributes as headers, too',
    message(plain, { ...binary, 'ce-type': 'nobody.listens', 'content-type': 'application/cloudevents+json' }),
    null,
  ],
  [
    'binary, a type of data with parameters',
    message({ version: '2' }, { ...binary, 'content-type': 'text/json;a=b' }),
    null,
  ],
  [
    'an event of one of our sources that nobody listens for',
    message({ ...plain, type: 'tocsin.event.github.push' }),
    null,
  ],
  ['a type that nobody listens for', message({ ...plain, type: 'com.example.deploid' }), 'unknown-event-type'],
  ['cut short', message('{"specversion":"1.0","id"'), 'not-json'],
  ['empty', message(''), 'empty-body'],
  ['not UTF-8', message(Buffer.from([0x22, 0xff, 0x22])), 'not-utf8'],
  ['too deep', message(`${'['.repeat(200)}${']'.repeat(200)}`), 'too-deep'],
  ['a key twice', message('{"id":"a","id":"b"}'), 'duplicate-key'],
  ['a prototype key', message('{"__proto__":{}}'), 'forbidden-key'],
  ['no envelope', message({ hello: 'world' }), 'not-a-cloudevent'],
  ['an older CloudEvents version', message({ ...plain, specversion: '0.3' }), 'not-a-cloudevent'],
  ['no id', message({ ...plain, id: undefined }), 'not-a-cloudevent'],
  ['a header that is not percent-encoded', message({}, { ...binary, 'ce-source': '%E0%A4%A' }), 'header-encoding'],
  ['an alert without its data', message({ ...alert, data: {} }), 'not-an-alert'],
  ['an alert whose type says otherwise', message({ ...alert, type: 'tocsin.alert.resolved' }), 'status-mismatch'],
  ['a time ahead of everything', message({ ...plain, time: '2031-01-01T00:00:00Z' }), 'time-in-the-future'],
  ['a time before everything', message({ ...plain, time: '1999-12-31T23:59:59Z' }), 'time-ancient'],
  [
    'an alert that starts in the future',
    message(alertEvent('firing', { started: '2031-01-01T00:00:00Z' })),
    'time-in-the-future',
  ],
  [
    'an alert that started before everything',
    message(alertEvent('firing', { started: '1999-01-01T00:00:00Z' })),
    'time-ancient',
  ],
];

describe('decode', () => {
  for (const [name, stored, reason] of CASES)
    it(`${name}: ${reason ?? 'an event'}`, () => {
      const decoded = decode(stored, KNOWN, stored.storedAt);
      assert.equal(decoded.ok ? null : decoded.reason, reason);
      if (decoded.ok && decoded.alert === null && decoded.event.type.startsWith('com.'))
        assert.deepEqual(decoded.event.data, { version: '2' });
    });

  for (const [behind, days] of [
    ['an hour', 1 / 24],
    ['three days', 3],
  ] as const)
    it(`what happens now is an event though the clock of the server that stored it is ${behind} behind`, () => {
      const now = STORED_AT + days * 86_400_000;
      for (const event of [{ ...plain, time: iso(now) }, alertEvent('firing', { started: iso(now) })]) {
        assert.equal(decode(message(event), KNOWN, now).ok, true);
        assert.equal(decode(message(event), KNOWN, STORED_AT).ok, days < 1);
        const tomorrow = decode(message({ ...plain, time: iso(now + 86_400_001) }), KNOWN, now);
        assert.equal(tomorrow.ok ? null : tomorrow.reason, 'time-in-the-future');
      }
    });

  it('a header may say of what type the data is', () => {
    const decoded = decode(
      message('{"version":"2"}', { ...binary, 'ce-datacontenttype': 'text/plain' }),
      KNOWN,
      STORED_AT,
    );
    assert.deepEqual(decoded.ok && decoded.event.data, '{"version":"2"}');
  });
});
