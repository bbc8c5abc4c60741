import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Alert } from '../../triggers/events/alert.ts';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import type { Headers } from '../../triggers/nats/port.ts';
import { cloudevents } from '../../triggers/sources/cloudevents.ts';
import { alert } from '../support/events.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { RECEIVED, type ReadRequest, readRequest } from '../support/read-request.ts';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const TYPE = 'com.example.deployed';
const plain = { specversion: '1.0', id: 'A-1', source: '/deploys', type: TYPE, data: { version: '7' } };
const firing = { ...plain, type: 'tocsin.alert.firing', data: alert('firing') };
const CE: Headers = { 'ce-specversion': '1.0', 'ce-id': 'A-1', 'ce-source': '/deploys', 'ce-type': TYPE };

const structured = (event: unknown): Promise<ReadRequest> =>
  readRequest(cloudevents, event, { contentType: STRUCTURED });
const batch = (...events: unknown[]): Promise<ReadRequest> => readRequest(cloudevents, events, { contentType: BATCH });
const binary = (body: string | Uint8Array, headers: Headers = {}, contentType: string | null = 'application/json') =>
  readRequest(cloudevents, body, { contentType, headers: { ...CE, ...headers } });
const only = ({ events, rejected }: ReadRequest): CloudEvent => {
  assert.deepEqual(rejected, []);
  return events[0] ?? assert.fail('nothing stored');
};

describe('cloudevents: structured mode', () => {
  it('keeps the event as it is, extensions and time text included, and says when it came', async () => {
    const event = { ...plain, time: '2026-05-01T10:00:00.123456789+02:00', subject: 'x', myextension: 5 };
    const read = await structured(event);
    const { rawref, ...kept } = only(read);
    assert.deepEqual(kept, { ...event, recordedtime: RECEIVED });
    assert.match(rawref ?? '', /^data:application\/cloudevents\+json;base64,/);
    assert.equal(read.publications[0]?.subject, 'events.eu.normal.cloudevents.com-example-deployed');
  });

  it("when it came is ours to say, not the sender's", async () => {
    assert.equal(only(await structured({ ...plain, recordedtime: '2020-01-01T00:00:00Z' })).recordedtime, RECEIVED);
  });

  for (const data of [0, false, '', null, [], 'text'])
    it(`keeps data ${JSON.stringify(data)}`, async () => {
      assert.deepEqual(only(await structured({ ...plain, data })).data, data);
    });

  it('JSON in base64 reaches the trigger as data', async () => {
    const { data: _, ...bare } = plain;
    const { decoded } = await structured({ ...bare, data_base64: Buffer.from('{"version":"7"}').toString('base64') });
    assert.deepEqual(decoded[0]?.ok && decoded[0].event.data, { version: '7' });
  });

  it('identity is source and id together; the same pair is the same message', async () => {
    const { publications } = await batch(plain, { ...plain, source: '/other' }, { ...plain, id: 'A-2' }, { ...plain });
    const ids = publications.map(({ options }) => options.msgId);
    assert.equal(new Set(ids).size, 3);
    assert.equal(ids[0], ids[3]);
  });

  it('ids and types with line breaks, dots and wildcards reach no subject', async () => {
    const { publications, decoded } = await batch(
      { ...plain, id: 'a.*> b\r\nPUB x 1' },
      { ...plain, id: 'a-b', source: 'a\r\nb' },
    );
    for (const { subject, options } of publications) {
      assert.equal(subject, 'events.eu.normal.cloudevents.com-example-deployed');
      assert.match(options.msgId ?? '', /^[0-9a-f]{32}$/);
    }
    assert.deepEqual(decoded[0]?.ok && decoded[0].event.id, 'a.*> b\r\nPUB x 1');
  });
});

describe('cloudevents: attributes that are not set', () => {
  it('null means the same as nothing, of the data it is the data', async () => {
    const { decoded, events } = await structured({ ...plain, subject: null, time: null, custom: null, data: null });
    const { rawref: _raw, ...event } = events[0] ?? assert.fail('no event');
    assert.deepEqual(event, { ...plain, data: null, recordedtime: RECEIVED });
    assert.deepEqual(
      decoded.map(({ ok }) => ok),
      [true],
    );
  });
});

describe('cloudevents: binary mode', () => {
  it('attributes come from headers, data from the body', async () => {
    assert.deepEqual(only(await binary('{"version":"7"}', { host: 'x', 'ce-severitynumber': '17' })), {
      ...plain,
      datacontenttype: 'application/json',
      severitynumber: 17,
      recordedtime: RECEIVED,
      rawref: `data:application/json;base64,${Buffer.from('{"version":"7"}').toString('base64')}`,
    });
  });

  it('is decoded from percent encoding and quotes', async () => {
    const event = only(await binary('1', { 'ce-subject': 'Euro%20%E2%82%AC', 'ce-id': '"quoted"' }));
    assert.deepEqual([event.subject, event.id], ['Euro \u20ac', 'quoted']);
  });

  for (const [written, expected] of [
    ['caf%c3%a9', 'caf\u00e9'],
    ['%2520', '%20'],
    ['100%', '100%'],
    ['50%25', '50%'],
    ['%20a%20', ' a '],
    [String.raw`"a\"%22"`, 'a""'],
    ['%F0%9F%98%80', '\u{1f600}'],
  ] as const)
    it(`${written} is decoded once`, async () =>
      assert.equal(only(await binary('1', { 'ce-subject': written })).subject, expected));

  it('the content type is kept as it is written', async () => {
    const written = 'application/vnd.shop+JSON; charset="UTF-8"; v=1';
    const event = only(await binary('{"a":1}', { 'content-type': written }));
    assert.deepEqual([event.datacontenttype, event.data], [written, { a: 1 }]);
    const text = only(await binary('a', { 'content-type': 'text/plain;charset=us-ascii' }, 'text/plain'));
    assert.deepEqual([text.datacontenttype, text.data], ['text/plain;charset=us-ascii', 'a']);
  });

  it('bytes that are not JSON are carried as base64', async () => {
    const event = only(await binary(new Uint8Array([0xff, 0x00]), {}, 'application/octet-stream'));
    assert.deepEqual([event.data_base64, event.data], ['/wA=', undefined]);
  });

  it('text stays text, and JSON that is null is data', async () => {
    assert.equal(only(await binary('hällo', {}, 'text/plain')).data, 'hällo');
    assert.equal(only(await binary('{"a":1}', {}, 'text/plain')).data, '{"a":1}');
    const event = only(await binary('null', {}));
    assert.deepEqual([event.data, event.data_base64], [null, undefined]);
  });

  it('a quote within quotes is escaped', async () => {
    assert.equal(only(await binary('1', { 'ce-id': String.raw`"a \"b\" \\ c"` })).id, String.raw`a "b" \ c`);
  });

  it('an event may have no data', async () => {
    const event = only(await binary('', {}, null));
    assert.ok(!('data' in event) && !('data_base64' in event));
  });

  for (const [why, headers, expected] of [
    ['half a character', { 'ce-subject': '%E2%82' }, '- header-encoding'],
    ['an overlong character', { 'ce-subject': '%C0%A0' }, '- header-encoding'],
    ['no type', { 'ce-type': '' }, '0 not-a-cloudevent /type'],
    ['a name with a dash', { 'ce-my-extension': 'x' }, '- header-encoding'],
    ['a later version', { 'ce-specversion': '2.0' }, '0 not-a-cloudevent /specversion'],
    ['an attribute that is the body', { 'ce-data': 'x' }, '- header-encoding'],
    ['a name that JSON forbids', { 'ce-constructor': 'x' }, '- header-encoding'],
    ['a name that is none', { 'ce-__proto__': 'x' }, '- header-encoding'],
    ['a severity that is no number', { 'ce-severitynumber': 'high' }, '0 not-a-cloudevent /severitynumber'],
    ['another version', { 'ce-specversion': '0.3' }, '0 not-a-cloudevent /specversion'],
    ['an unknown type', { 'ce-type': 'nobody.listens' }, '0 unknown-event-type /type'],
  ] as const)
    it(`refuses ${why}`, async () => {
      const { reasons, stored } = await binary('1', headers);
      assert.deepEqual([reasons, stored.length], [[expected], 0]);
    });

  it('data that is too deep once it lies in its envelope is refused, one level less is read', async () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    assert.deepEqual((await binary(nested(64))).reasons, ['0 too-deep']);
    assert.deepEqual(
      (await binary(nested(63))).decoded.map(({ ok }) => ok),
      [true],
    );
  });
});

const REFUSED: readonly (readonly [why: string, event: unknown, expected: string])[] = [
  ['a number', 7, '0 not-a-cloudevent /0'],
  ['null', null, '0 not-a-cloudevent /0'],
  ['an empty object', {}, '0 not-a-cloudevent /0'],
  ['no id', { ...plain, id: undefined }, '0 not-a-cloudevent /0'],
  ['an empty id', { ...plain, id: '' }, '0 not-a-cloudevent /0/id'],
  ['an id that is a number', { ...plain, id: 7 }, '0 not-a-cloudevent /0/id'],
  ['an id without end', { ...plain, id: 'x'.repeat(1_001) }, '0 not-a-cloudevent /0/id'],
  ['another version', { ...plain, specversion: '9.9' }, '0 not-a-cloudevent /0/specversion'],
  ['a time in words', { ...plain, time: 'today' }, '0 not-a-cloudevent /0/time'],
  ['a time tomorrow', { ...plain, time: '2026-06-02T12:00:01Z' }, '0 time-in-the-future /0/time'],
  ['a time in 1980', { ...plain, time: '1980-01-01T00:00:00Z' }, '0 time-ancient /0/time'],
  ['a severity beyond 24', { ...plain, severitynumber: 25 }, '0 not-a-cloudevent /0/severitynumber'],
  ['bad base64', { ...plain, data: undefined, data_base64: '... text ...' }, '0 bad-base64 /0/data_base64'],
  ['data twice', { ...plain, data_base64: 'AA==' }, '0 not-a-cloudevent /0/data_base64'],
  ['a type nobody listens for', { ...plain, type: 'a.b' }, '0 unknown-event-type /0/type'],
  ['more than a message holds', { ...plain, data: 'x'.repeat(600_000) }, '0 event-too-large /0'],
  ['an alert without data', { ...firing, data: undefined }, '0 not-an-alert /0/data'],
  ['an alert without status', { ...firing, data: { ...firing.data, status: undefined } }, '0 not-an-alert /0/data'],
  ['an alert of no known status', { ...firing, type: 'tocsin.alert.sad' }, '0 status-mismatch /0/data/status'],
  ['an alert of another status', { ...firing, data: alert('resolved') }, '0 status-mismatch /0/data/status'],
  ['an alert under another key', { ...firing, partitionkey: 'other' }, '0 key-mismatch /0/partitionkey'],
];

describe('cloudevents: what is none is named, and its neighbour in the batch is stored', () => {
  for (const [why, event, expected] of REFUSED) {
    it(why, async () => {
      const { reasons, events } = await batch(event, { ...plain, id: 'neighbour' });
      assert.deepEqual(reasons, [expected]);
      assert.deepEqual(
        events.map(({ id }) => id),
        ['neighbour'],
      );
    });
  }

  it('each is named by its own index, whichever check finds it', async () => {
    const { reasons, events } = await batch({}, { ...plain, type: 'a.b' }, plain, { ...plain, time: 'x' });
    assert.deepEqual(reasons, ['0 not-a-cloudevent /0', '1 unknown-event-type /1/type', '3 not-a-cloudevent /3/time']);
    assert.equal(events.length, 1);
  });

  it('an empty batch is nothing, and nothing wrong', async () => {
    const { stored, rejected } = await batch();
    assert.deepEqual([stored, rejected], [[], []]);
  });

  it('a batch that is no array is refused as a whole', async () => {
    const { reasons } = await readRequest(cloudevents, plain, { contentType: BATCH });
    assert.deepEqual(reasons, ['- not-a-batch']);
  });
});

describe('cloudevents: alerts', () => {
  it('an alert takes key, severity and lane from what it says', async () => {
    const read = await structured(firing);
    assert.equal(only(read).partitionkey, firing.data.alertKey);
    assert.equal(only(read).severitynumber, 21);
    assert.equal(read.publications[0]?.subject, 'events.eu.urgent.cloudevents.tocsin-alert-firing');
    assert.equal(read.decoded[0]?.ok && read.decoded[0].alert?.alertKey, firing.data.alertKey);
  });
});

describe('cloudevents: an alert that another sender has written', () => {
  const data = alertmanagerPayload('firing') as { alerts: readonly object[] };
  const carrying = (changes: object = {}) => ({ ...plain, type: 'dev.knative.alert', data, ...changes });
  const names = ({ events }: ReadRequest) => events.map(({ type, data }) => [type, (data as Alert).name]);
  const ALERT = ['tocsin.alert.firing', 'ServiceDown'];

  it('is read as one, whatever the mode', async () => {
    const headers = { 'ce-type': 'dev.knative.alert' };
    for (const read of [await structured(carrying()), await binary(JSON.stringify(data), headers)]) {
      assert.deepEqual([names(read), read.reasons], [[ALERT], []]);
      assert.deepEqual((only(read).data as Alert).delivery, { id: 'A-1', attempt: null });
    }
  });

  it('again is the same alert', async () => {
    const ids = [await structured(carrying()), await structured(carrying({ id: 'A-2' }))].map(
      ({ events }) => events[0]?.id,
    );
    assert.equal(ids[0], ids[1]);
  });

  it('stays what a trigger listens for', async () => {
    assert.equal(only(await structured(carrying({ type: TYPE }))).id, plain.id);
  });

  it('among others: each is an event, an alert or a rejection of its own', async () => {
    const two = { ...data, alerts: [...data.alerts, null] };
    const read = await batch({}, carrying({ data: two }), { ...plain, type: 'a.b' }, plain);
    assert.deepEqual(
      names(read).map(([type]) => type),
      ['tocsin.alert.firing', TYPE],
    );
    assert.deepEqual(read.reasons, [
      '0 not-a-cloudevent /0',
      '1 not-an-object /1/data',
      '2 unknown-event-type /2/type',
    ]);
  });

  it('what is known but no alert is no reason to open it', async () => {
    const record = { Records: [{ eventSource: 'aws:s3' }] };
    assert.deepEqual((await structured(carrying({ data: record }))).reasons, ['0 unknown-event-type /type']);
  });
});

describe('cloudevents: the content type tells the mode', () => {
  const OTHER: Headers = { ...CE, 'ce-id': 'other', 'ce-type': 'nobody.listens' };

  it('a structured event may repeat its attributes as headers', async () => {
    const { events } = await readRequest(cloudevents, plain, { contentType: STRUCTURED, headers: OTHER });
    assert.deepEqual([events[0]?.id, events[0]?.data], [plain.id, plain.data]);
  });

  it('so may a batch', async () => {
    const { events } = await readRequest(cloudevents, [plain, plain], { contentType: BATCH, headers: OTHER });
    assert.equal(events.length, 2);
  });

  for (const contentType of ['application/cloudevents+avro', 'application/cloudevents-batch+protobuf'])
    it(`${contentType} is not read as bytes`, () =>
      assert.equal(cloudevents.bodyOf(contentType, { ...CE, 'content-type': contentType }), 'refused'));
});

const TIMES: readonly string[] = [
  '2026-05-01T10:00:00Z',
  '2026-05-01t10:00:00z',
  '2026-05-01T10:00:00.123456789012Z',
  '2026-05-01T23:59:59.5-11:30',
  '2026-05-01T10:00:00+14:00',
  '2026-05-01T10:00:00-00:00',
];

describe('cloudevents: times', () => {
  for (const time of TIMES)
    it(`${time} is kept and can be read`, async () => {
      const { events, decoded } = await structured({ ...plain, time });
      assert.deepEqual([events[0]?.time, decoded[0]?.ok], [time, true]);
    });
});

describe('cloudevents: media types', () => {
  for (const [contentType, headers, expected] of [
    [STRUCTURED, {}, 'json'],
    [BATCH, {}, 'json'],
    ['application/json', {}, 'refused'],
    ['text/plain', {}, 'refused'],
    [null, {}, 'refused'],
    [null, CE, 'json'],
    ['application/json', CE, 'json'],
    ['text/plain', CE, 'bytes'],
  ] as const)
    it(`${contentType ?? 'none'}${headers === CE ? ' with ce- headers' : ''} is ${expected}`, () =>
      assert.equal(cloudevents.bodyOf(contentType, headers), expected));
});

describe('cloudevents: arbitrary input', () => {
  it('whatever JSON comes, nothing is thrown and what is stored can be read by the consumer', async () => {
    const nearly = fc.record(
      {
        specversion: fc.constant('1.0'),
        id: fc.string({ unit: 'grapheme', minLength: 1 }),
        source: fc.string({ minLength: 1 }),
        type: fc.constantFrom(TYPE, 'tocsin.alert.firing', 'a.b'),
        time: fc.oneof(fc.constant('2026-05-01T10:00:00Z'), fc.jsonValue()),
        data: fc.jsonValue({ maxDepth: 70 }),
      },
      { requiredKeys: ['specversion', 'id', 'source', 'type'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(nearly, fc.array(nearly), fc.jsonValue()), fc.boolean(), async (value, asBinary) => {
        const body = JSON.stringify(value);
        const { decoded } = asBinary ? await binary(body) : await structured(body);
        for (const each of decoded) assert.ok(each.ok, JSON.stringify(each));
      }),
      { numRuns: 500 },
    );
  });

  it('whatever the headers hold, nothing is thrown and what is stored can be read by the consumer', async () => {
    const name = fc.oneof(
      fc.constantFrom('ce-data', 'ce-id', 'ce-time', 'ce-constructor'),
      fc.string().map((s) => `ce-${s}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.string()), async (headers) => {
        for (const each of (await binary('{}', headers)).decoded) assert.ok(each.ok, JSON.stringify(each));
      }),
      { numRuns: 500 },
    );
  });
});
