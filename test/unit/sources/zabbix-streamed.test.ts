import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detect } from '../../../triggers/sources/detect.ts';
import { zabbix } from '../../../triggers/sources/zabbix.ts';
import { assertTotal, onlyAlert, onlyEvent, requestOf } from '../../support/source-request.ts';

const PROBLEM = {
  clock: 1_777_629_600,
  ns: 1_234_567,
  value: 1,
  eventid: 42,
  name: 'Disk is full',
  severity: 3,
  hosts: [
    { host: 'web-1', name: 'Web one' },
    { host: 'web-2', name: 'Web two' },
  ],
  groups: ['Linux servers', 'Web'],
  tags: [
    { tag: 'region', value: 'eu-1' },
    { tag: 'flag', value: '' },
  ],
};
const RECOVERY = { clock: 1_777_633_200, ns: 5, value: 0, eventid: 43, p_eventid: 42 };
const VALUE = { host: { host: 'web-1' }, itemid: 3, name: 'CPU', clock: 1, ns: 1, value: 1, type: 3, eventid: 0 };
const read = (body: unknown) => onlyAlert(zabbix, requestOf(body));
const lines = (...values: readonly unknown[]) =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');

describe('zabbix, streamed by a connector', () => {
  it('reads what the problem says', () => {
    const alert = read(PROBLEM);
    assert.deepEqual([alert.alertKey, alert.status, alert.title], ['test:event:42', 'firing', 'Disk is full']);
    assert.deepEqual(alert.severity, { number: 14, text: '3' });
    assert.equal(alert.time.started, '2026-05-01T10:00:00.001234567Z');
    assert.deepEqual(alert.labels, { region: 'eu-1', flag: '', host: 'web-1,web-2', host_group: 'Linux servers,Web' });
    assert.deepEqual(alert.location.region, { value: 'eu-1', from: 'tags.region' });
    assert.deepEqual(alert.resource, { kind: 'host', id: null, name: 'web-1' });
  });

  it('the recovery names its problem, and says little else', () => {
    const alert = read(RECOVERY);
    assert.deepEqual([alert.alertKey, alert.status], ['test:event:42', 'resolved']);
    assert.deepEqual([alert.time.started, alert.time.ended], [null, '2026-05-01T11:00:00.000000005Z']);
    assert.deepEqual([alert.severity.text, alert.title, alert.resource], [null, null, null]);
  });

  it('a redelivery has the same id', () =>
    assert.equal(onlyEvent(zabbix, requestOf(PROBLEM)).id, onlyEvent(zabbix, requestOf({ ...PROBLEM })).id));

  it('each line is read for itself', () => {
    const text = lines(
      PROBLEM,
      '{"clock":',
      VALUE,
      { ...RECOVERY, p_eventid: null },
      { ...PROBLEM, clock: 'x' },
      RECOVERY,
    );
    const { source, events, rejected } = detect(
      Buffer.from(text),
      { 'content-type': 'application/x-ndjson' },
      '2026-06-01T12:00:00Z',
    );
    assert.deepEqual([source, events.length], ['zabbix', 2]);
    assert.deepEqual(
      rejected.map(({ index, reason, place }) => `${index} ${reason} ${place}`),
      ['1 not-json /1', '2 not-an-event /2', '3 missing-identity /3/eventid', '4 time-not-rfc3339 /4/clock'],
    );
  });

  it('values of items are not events', () => assert.equal(zabbix.recognises(requestOf(VALUE)), false));

  it('never throws', () => assertTotal(zabbix, [PROBLEM, RECOVERY, lines(PROBLEM, VALUE)]));
});
