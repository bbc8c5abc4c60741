import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubernetes } from '../../../triggers/sources/kubernetes.ts';
import { fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const CORE = {
  kind: 'Event',
  apiVersion: 'v1',
  metadata: { name: 'web-1.17a', namespace: 'shop', uid: 'e-1' },
  involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  source: { component: 'kubelet', host: 'node-3' },
  firstTimestamp: '2026-05-01T10:00:00Z',
  lastTimestamp: '2026-05-01T10:05:00Z',
  count: 3,
  type: 'Warning',
  eventTime: null,
};
const EVENTS_V1 = {
  kind: 'Event',
  apiVersion: 'events.k8s.io/v1',
  metadata: { name: 'web-2.17b', namespace: 'shop', uid: 'e-2' },
  regarding: { kind: 'Pod', namespace: 'shop', name: 'web-2' },
  reason: 'FailedScheduling',
  note: '0/3 nodes are available',
  reportingController: 'default-scheduler',
  eventTime: '2026-05-01T10:00:00.123456Z',
  deprecatedFirstTimestamp: null,
  deprecatedLastTimestamp: null,
  type: 'Warning',
};
const { kind: _kind, apiVersion: _version, ...BARE } = CORE;
const series = (count: number, last: string) => ({ ...EVENTS_V1, series: { count, lastObservedTime: last } });
const read = (body: unknown) => onlyEvent(kubernetes, requestOf(body));

describe('kubernetes', () => {
  it('reads both formats into the same facts', () => {
    const core = read(CORE);
    const { object, ...data } = core.data as Record<string, unknown>;
    assert.deepEqual(object, CORE);
    assert.deepEqual(data, {
      type: 'Warning',
      count: 3,
      regarding: CORE.involvedObject,
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      action: null,
      uid: 'e-1',
      name: 'web-1.17a',
      namespace: 'shop',
      controller: 'kubelet',
      host: 'node-3',
      location: { cluster: null },
    });
    assert.equal(core.type, 'tocsin.event.kubernetes.event');
    assert.equal(core.subject, 'Pod/shop/web-1');
    assert.equal(core.severitytext, 'Warning');
    assert.equal(core.severitynumber, 13);
    const newer = read(EVENTS_V1).data as Record<string, unknown>;
    assert.equal(newer['message'], '0/3 nodes are available');
    assert.equal(newer['controller'], 'default-scheduler');
    assert.deepEqual(newer['regarding'], EVENTS_V1.regarding);
  });

  const TIMES: readonly (readonly [why: string, body: unknown, time: string | undefined])[] = [
    ['the last time it was seen', CORE, '2026-05-01T10:05:00Z'],
    ['the scheduler sets only eventTime', EVENTS_V1, '2026-05-01T10:00:00.123456Z'],
    ['a series has its own last time', series(4, '2026-05-01T10:09:00.000001Z'), '2026-05-01T10:09:00.000001Z'],
    [
      'the later of series and last',
      { ...series(4, '2026-05-01T10:09:00Z'), deprecatedLastTimestamp: '2026-05-01T10:10:00Z' },
      '2026-05-01T10:10:00Z',
    ],
    ['the zero time is not set', { ...CORE, lastTimestamp: '0001-01-01T00:00:00Z' }, '2026-05-01T10:00:00Z'],
    [
      'when the record was made is better than nothing',
      {
        ...CORE,
        lastTimestamp: null,
        firstTimestamp: null,
        metadata: { ...CORE.metadata, creationTimestamp: '2026-05-01T10:00:01Z' },
      },
      '2026-05-01T10:00:01Z',
    ],
    ['none is never made up', { ...CORE, lastTimestamp: null, firstTimestamp: null }, undefined],
  ];
  for (const [why, body, time] of TIMES) it(`time: ${why}`, () => assert.equal(read(body).time, time));

  it('a redelivery has the same id, an update in place a new one', () => {
    assert.equal(read(CORE).id, read({ ...CORE, metadata: { ...CORE.metadata, resourceVersion: '9' } }).id);
    assert.equal(read(CORE).id, read({ type: 'ADDED', object: CORE }).id);
    assert.notEqual(read(CORE).id, read({ ...CORE, count: 4 }).id);
    assert.notEqual(read(series(1, '2026-05-01T10:01:00Z')).id, read(series(1, '2026-05-01T10:02:00Z')).id);
    assert.notEqual(read(CORE).id, read({ ...CORE, metadata: { ...CORE.metadata, uid: 'e-9' } }).id);
  });

  it('reads lists, watch envelopes, bare exporter posts and lines', () => {
    assert.equal(read(BARE).id, read(CORE).id);
    const list = { kind: 'EventList', apiVersion: 'v1', metadata: {}, items: [BARE, { ...BARE, count: 9 }] };
    assert.equal(kubernetes.toEvents(requestOf(list)).events.length, 2);
    const lines = `${JSON.stringify({ type: 'MODIFIED', object: CORE })}\n\n${JSON.stringify(EVENTS_V1)}\r\n`;
    const request = requestOf(lines, { contentType: 'application/x-ndjson' });
    assert.ok(kubernetes.recognises(request));
    assert.equal(kubernetes.toEvents(request).events.length, 2);
  });

  it('a notification of Flux is about an object, but none', () => {
    const { involvedObject, message } = CORE;
    const flux = { involvedObject, severity: 'info', message, reason: 'info', metadata: { revision: 'main' } };
    assert.ok(!kubernetes.recognises(requestOf(flux)));
    assert.ok(kubernetes.recognises(requestOf(BARE)));
  });

  it('one bad line leaves its neighbours alone', () => {
    const { events, rejected } = kubernetes.toEvents(requestOf(`${JSON.stringify(CORE)}\n{"kind":\n`));
    assert.equal(events.length, 1);
    assert.deepEqual(
      rejected.map(({ reason, place }) => [reason, place]),
      [['not-json', '/1']],
    );
  });

  it('an Event that says no type has no severity', () => {
    const { type: _type, ...untyped } = CORE;
    for (const body of [untyped, { ...CORE, type: '' }, { ...CORE, type: null }]) {
      const event = read(body);
      assert.deepEqual([event.severitynumber, event.severitytext], [undefined, undefined]);
      assert.equal((event.data as { type: unknown }).type, null);
    }
  });

  it('bookmarks and deletions say nothing new', () => {
    for (const type of ['BOOKMARK', 'DELETED'])
      assert.deepEqual(kubernetes.toEvents(requestOf({ type, object: CORE })), { events: [], rejected: [] });
  });

  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [{ ...CORE, kind: 'Deployment' }, 'not-an-event /kind'],
    [{ ...CORE, apiVersion: 'eventing.example/v1' }, 'not-an-event /apiVersion'],
    [
      { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [{ auditID: 'a' }] },
      'not-an-event /items/0/apiVersion',
    ],
    [{ ...CORE, metadata: {} }, 'missing-identity /metadata/uid'],
    [{ ...CORE, lastTimestamp: 'yesterday' }, 'time-not-rfc3339 /lastTimestamp'],
    [{ type: 'ERROR', object: { kind: 'Status', message: 'too old resource version' } }, 'watch-error /object'],
    [{ kind: 'List', items: [7] }, 'not-an-object /items/0'],
    [[], 'not-an-object '],
    ['', 'empty-body '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () =>
      assert.deepEqual(rejections(kubernetes.toEvents(requestOf(body))), [expected]));

  it('takes JSON, lines and a watch stream as bytes', () => {
    assert.equal(kubernetes.bodyOf('application/json', { 'content-type': 'application/json' }), 'json');
    assert.equal(kubernetes.bodyOf('application/json', { 'content-type': 'application/json;stream=watch' }), 'bytes');
    assert.equal(kubernetes.bodyOf('application/x-ndjson', {}), 'bytes');
    assert.equal(kubernetes.bodyOf('text/html', {}), 'refused');
  });

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { file, raw } of fixturesOf('kubernetes')) {
      const request = requestOf(raw);
      assert.ok(kubernetes.recognises(request), file);
      if (file.includes('deployment'))
        assert.deepEqual(rejections(kubernetes.toEvents(request)), ['not-an-event /kind']);
      else assert.equal(onlyEvent(kubernetes, request).type, 'tocsin.event.kubernetes.event');
    }
  });

  it('never throws', () => assertTotal(kubernetes, [CORE, { type: 'ADDED', object: EVENTS_V1 }]));
});
