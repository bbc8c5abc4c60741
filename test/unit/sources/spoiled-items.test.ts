/** A fault inside one item of a list spoils that item alone, and nothing that it could change; a fault around the list spoils the request. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../../triggers/events/alert.ts';
import { parseJson } from '../../../triggers/events/json.ts';
import { accept } from '../../../triggers/intake/accept.ts';
import { detect } from '../../../triggers/sources/detect.ts';
import { createGeneric } from '../../../triggers/sources/generic.ts';
import { sources } from '../../../triggers/sources/index.ts';
import type { Source } from '../../../triggers/sources/source.ts';

const RECEIVED = '2026-06-01T12:00:00Z';
const storing = { publish: () => Promise.resolve({ stream: 'S', sequence: 1, duplicate: false }) };
const options = { log: storing, region: 'eu', knownTypes: new Set(['a.b']) };
const sourceOf = (kind: string): Source => sources.get(kind) ?? assert.fail(kind);

const alert = (service: string, more = ''): string =>
  `{"status":"firing","labels":{"alertname":"ServiceDown","service":"${service}"${more}},"startsAt":"2026-06-01T11:00:00Z"}`;
const group = (...alerts: readonly string[]): string => `{"version":"4","groupKey":"g","alerts":[${alerts.join(',')}]}`;

async function read(source: Source, contentType: string, text: string) {
  const request = { sender: 'x', headers: { 'content-type': contentType }, contentType, raw: Buffer.from(text) };
  const result = await accept({ ...request, receivedAt: RECEIVED }, source, options);
  assert.ok(result.kind === 'read');
  return [result.stored.length, ...result.rejected.map(({ index, reason, place }) => `${index} ${reason} ${place}`)];
}

describe('a fault inside one item', () => {
  for (const [why, more, expected] of [
    ['a key twice', ',"service":"b"', '1 duplicate-key /alerts/1/labels/service'],
    ['a key twice, once escaped', ',"servic\\u0065":"b"', '1 duplicate-key /alerts/1/labels/service'],
    ['__proto__', ',"__proto__":{"admin":"yes"}', '1 forbidden-key /alerts/1/labels/__proto__'],
    ['constructor', ',"constructor":"x"', '1 forbidden-key /alerts/1/labels/constructor'],
    ['half a character', ',"x":"\\ud800"', '1 lone-surrogate /alerts/1/labels/x'],
    ['a number beyond a double', ',"x":1e400', '1 number-out-of-range /alerts/1/labels/x'],
  ] as const)
    it(`${why} spoils that item only`, async () => {
      const text = group(alert('a'), alert('b', more), alert('c'));
      assert.deepEqual(await read(sourceOf('alertmanager'), 'application/json', text), [2, expected]);
      assert.equal(({} as Record<string, unknown>)['admin'], undefined);
    });

  for (const [kind, contentType, text, place] of [
    [
      'grafana',
      'application/json',
      `{"version":"1","orgId":1,"alerts":[${alert('a')},${alert('b', ',"x":"1","x":"2"')}]}`,
      '/alerts/1/labels/x',
    ],
    [
      'alertmanager-api',
      'application/json',
      `[${alert('a').replace('"firing"', '{"state":"active"}')},{"labels":{},"labels":{}}]`,
      '/1/labels',
    ],
    [
      'aws-eventbridge',
      'application/json',
      '[{"id":"1","detail-type":"X","source":"aws.ec2","detail":{}},{"id":"2","detail":{"a":1,"a":2}}]',
      '/1/detail/a',
    ],
    [
      'cloudevents',
      'application/cloudevents-batch+json',
      '[{"specversion":"1.0","id":"1","source":"/s","type":"a.b"},{"id":"2","id":"3"}]',
      '/1/id',
    ],
    [
      'kubernetes',
      'application/json',
      '{"kind":"EventList","apiVersion":"v1","items":[{"metadata":{"uid":"u"},"reason":"R"},{"metadata":{"uid":"v","uid":"w"}}]}',
      '/items/1/metadata/uid',
    ],
    [
      'pagerduty',
      'application/json',
      '{"messages":[{"event":"incident.trigger","incident":{"id":"P1"}},{"event":"incident.trigger","incident":{"id":"P2","id":"P3"}}]}',
      '/messages/1/incident/id',
    ],
  ] as const)
    it(`${kind}: its neighbour is stored`, async () => {
      assert.deepEqual(await read(sourceOf(kind), contentType, text), [1, `1 duplicate-key ${place}`]);
    });

  it('generic: its neighbour is stored', async () => {
    const source = createGeneric({ items: '/a', key: ['/id'], status: { at: '/s', firing: ['1'] } });
    const text = '{"a":[{"id":"x","id":"y","s":1},{"id":"z","s":1}]}';
    assert.deepEqual(await read(source, 'application/json', text), [1, '0 duplicate-key /a/0/id']);
  });

  for (const [why, text, expected] of [
    ['around the list', `{"alerts":[],"alerts":[${alert('a')}]}`, 'null duplicate-key /alerts'],
    ['beside the list', `{"x":{"a":1,"a":2},"alerts":[${alert('a')}]}`, 'null duplicate-key /x/a'],
    ['both', `{"x":{"a":1,"a":2},"alerts":[{"b":1,"b":2}]}`, 'null duplicate-key /x/a'],
    [
      'in more items than are told apart',
      group(...Array<string>(1_001).fill('{"b":1,"b":2}')),
      'null duplicate-key /alerts/0/b',
    ],
  ] as const)
    it(`${why}: the request is refused`, async () =>
      assert.deepEqual(await read(sourceOf('alertmanager'), 'application/json', text), [0, expected]));

  it('detect says the same', () => {
    const text = group(alert('a'), alert('b', ',"service":"c"'));
    const { source, events, rejected } = detect(Buffer.from(text), {}, RECEIVED);
    assert.deepEqual([source, events.length], ['alertmanager', 1]);
    assert.deepEqual(
      rejected.map(({ index, reason }) => [index, reason]),
      [[1, 'duplicate-key']],
    );
  });

  it('every fault is told, with its place', () => {
    const parsed = parseJson(Buffer.from('[{"a":1,"a":2},{"__proto__":1},{"n":1e400}]'));
    assert.deepEqual(parsed.ok ? [] : parsed.faulty?.faults.map(({ reason, place }) => `${reason} ${place}`), [
      'duplicate-key /0/a',
      'forbidden-key /1/__proto__',
      'number-out-of-range /2/n',
    ]);
  });
});

describe('thousands of items in one request', () => {
  it('are read in turns: others have theirs before the first is stored', async () => {
    let turns = 0;
    let seen: number | null = null;
    let over = false;
    const others = (): void => {
      turns += 1;
      if (!over) setImmediate(others);
    };
    setImmediate(others);
    const publish = () => {
      seen ??= turns;
      return storing.publish();
    };
    const alerts = Array.from({ length: 10_000 }, (_, index) => alert(`s${index}`));
    const request = { sender: 'x', headers: {}, contentType: 'application/json', raw: Buffer.from(group(...alerts)) };
    const result = await accept({ ...request, receivedAt: RECEIVED }, sourceOf('alertmanager'), {
      ...options,
      log: { publish },
    });
    over = true;
    assert.ok(result.kind === 'read' && result.stored.length === 10_000);
    assert.deepEqual(
      result.stored.map(({ event }) => (event.data as Alert).labels['service']),
      alerts.map((_, index) => `s${index}`),
    );
    assert.ok((seen ?? 0) > 1, `${seen} turns`);
  });
});
