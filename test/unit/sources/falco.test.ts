import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { falco } from '../../../triggers/sources/falco.ts';
import { fixture, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const DETECTION = {
  output: '10:00:00.123456789: Warning A shell was spawned in a container',
  priority: 'Warning',
  rule: 'Terminal shell in container',
  time: '2026-05-01T10:00:00.123456789Z',
  source: 'syscall',
  hostname: 'node-7',
  tags: ['container', 'shell'],
  output_fields: { 'container.id': 'abc', 'proc.aname[2]': null, 'evt.time': 1_777_629_600_123_456_800 },
};
const read = (body: unknown) => onlyEvent(falco, requestOf(body));

describe('falco', () => {
  it('a detection neither fires nor resolves', () => {
    const event = read(DETECTION);
    assert.equal(event.type, 'tocsin.event.falco.detection');
    assert.equal(event.subject, 'Terminal shell in container on node-7');
    assert.equal(event.time, '2026-05-01T10:00:00.123456789Z');
    assert.deepEqual([event.severitynumber, event.severitytext], [13, 'Warning']);
    // A double would round it.
    const fields = { ...DETECTION.output_fields, 'evt.time': '1777629600123456800' };
    assert.deepEqual(event.data, { ...DETECTION, output_fields: fields });
  });

  for (const [priority, number] of [
    ['Emergency', 24],
    ['ALERT', 23],
    ['critical', 21],
    ['Error', 17],
    ['Notice', 10],
    ['Informational', 9],
    ['debug', 5],
    ['loud', undefined],
    [3, undefined],
  ] as const)
    it(`priority ${priority} is ${number}`, () =>
      assert.equal(read({ ...DETECTION, priority }).severitynumber, number));

  it('nanoseconds stand in for a missing time, digit by digit', () => {
    const { time: _time, ...rest } = DETECTION;
    const raw = JSON.stringify(rest).replace(/"evt.time":\d+/, '"evt.time":1777629600123456789');
    assert.equal(read(raw).time, '2026-05-01T10:00:00.123456789Z');
    assert.equal(read(JSON.stringify({ ...rest, output_fields: {} })).time, undefined);
  });

  it('a redelivery has the same id, another detection has not', () => {
    assert.equal(read(DETECTION).id, onlyEvent(falco, requestOf(DETECTION, { receivedAt: '2026-06-02T00:00:00Z' })).id);
    assert.notEqual(read(DETECTION).id, read({ ...DETECTION, hostname: 'node-8' }).id);
    assert.equal(read({ ...DETECTION, uuid: 'u' }).id, read({ ...DETECTION, uuid: 'u', output: 'else' }).id);
  });

  it('what Falcosidekick sends to try its outputs starts nothing', () => {
    const test = { ...DETECTION, rule: 'Test rule', priority: 'Debug', output: 'This is a test from falcosidekick' };
    const { events, rejected, control } = falco.toEvents(requestOf(test));
    assert.deepEqual([events, rejected, control?.kind], [[], [], 'test']);
    assert.equal(read({ ...DETECTION, rule: 'Test rule' }).type, 'tocsin.event.falco.detection');
  });

  it('reads lines, each for itself', () => {
    const lines = [JSON.stringify(DETECTION), '', '{"rule":', JSON.stringify({ ...DETECTION, rule: 'Other' }), '1', ''];
    const { events, rejected } = falco.toEvents(requestOf(lines.join('\n')));
    assert.equal(events.length, 2);
    assert.deepEqual(
      rejected.map(({ index, reason, place }) => `${index} ${reason} ${place}`),
      ['1 not-json /2', '3 not-an-object /4'],
    );
  });

  for (const [name, body, expected] of [
    ['nothing', '', ['empty-body ']],
    ['no rule', { ...DETECTION, rule: '' }, ['missing-rule /rule']],
    ['a bad time', { ...DETECTION, time: 'now' }, ['time-not-rfc3339 /time']],
    ['a time without an offset', { ...DETECTION, time: '2026-05-01T10:00:00' }, ['time-not-rfc3339 /time']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(rejections(falco.toEvents(requestOf(body))), expected));

  it('is recognised by its content', () => {
    assert.ok(falco.recognises(requestOf(DETECTION)));
    assert.ok(falco.recognises(requestOf(`${JSON.stringify(DETECTION)}\n${JSON.stringify(DETECTION)}\n`)));
    assert.ok(!falco.recognises(requestOf({ rule: 'x', priority: 3 })));
  });

  it('never throws', () => assertTotal(falco, [DETECTION]));

  it('reads a real payload', needsFixtures, () =>
    assert.equal(
      read(fixture('falco__internal-syscall-event-drop__falcosecurity-falcosidekick.json').raw).severitynumber,
      5,
    ),
  );
});
