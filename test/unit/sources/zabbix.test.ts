import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { parse } from 'yaml';
import { zabbix } from '../../../triggers/sources/zabbix.ts';
import { fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const PROBLEM = {
  sender: 'zabbix',
  event_id: '10528',
  trigger_id: '14032',
  value: '1',
  update_status: '0',
  update_action: '',
  name: 'Disk is full on web-1',
  trigger_name: 'Disk is full',
  severity: 'Disaster',
  host: 'web-1',
  host_id: '10084',
  host_ip: '10.0.0.1',
  event_timestamp: '1777629600',
  recovery_timestamp: '{EVENT.RECOVERY.TIMESTAMP}',
  tags: '[{"tag":"region","value":"eu-1"},{"tag":"flag","value":""},{"tag":"__proto__","value":"x"}]',
  operational_data: '*UNKNOWN*',
  link: 'https://zabbix.example/tr_events.php?triggerid=14032&eventid=10528',
};
const RECOVERY = { ...PROBLEM, value: '0', recovery_timestamp: '1777633200' };
const update = (action: string) => ({ ...PROBLEM, update_status: '1', update_action: action });
const TEMPLATE = {
  hostname: 'web-1',
  severity: 'Average',
  status: 'PROBLEM',
  item: 'Agent ping',
  trigger: 'Agent is unreachable',
  link: 'https://zabbix.example/tr_events.php?triggerid=14032&eventid=10528',
};
const OK = { ...TEMPLATE, status: 'OK', trigger: 'Agent is reachable', link: TEMPLATE.link.replace('10528', '10529') };
const read = (body: unknown) => onlyAlert(zabbix, requestOf(body));
const idOf = (body: unknown) => onlyEvent(zabbix, requestOf(body)).id;

describe('zabbix, our media type', () => {
  it('reads what the problem says', () => {
    const alert = read(PROBLEM);
    assert.deepEqual([alert.alertKey, alert.status, alert.name], ['test:trigger:14032', 'firing', 'Disk is full']);
    assert.deepEqual(alert.severity, { number: 22, text: 'Disaster' });
    assert.equal(alert.time.started, '2026-05-01T10:00:00Z');
    assert.deepEqual(alert.labels, { region: 'eu-1', flag: '', host: 'web-1', host_ip: '10.0.0.1' });
    assert.deepEqual(alert.location.region, { value: 'eu-1', from: 'tags.region' });
    assert.deepEqual(alert.resource, { kind: 'host', id: '10084', name: 'web-1' });
    assert.equal(alert.description, null);
  });

  it('the recovery has the same key and its end', () => {
    const alert = read(RECOVERY);
    assert.deepEqual([alert.status, alert.alertKey], ['resolved', read(PROBLEM).alertKey]);
    assert.equal(alert.time.ended, '2026-05-01T11:00:00Z');
  });

  const UPDATES = [
    ['acknowledged', 'acknowledged'],
    ['acknowledged and commented', 'acknowledged'],
    ['acknowledged, commented and changed severity from Warning to High', 'acknowledged'],
    ['unacknowledged', 'firing'],
    ['unacknowledged and commented', 'firing'],
    ['suppressed indefinitely', 'suppressed'],
    ['commented and suppressed until 2026.05.02 10:00:00', 'suppressed'],
    ['unsuppressed', 'firing'],
    ['commented', 'firing'],
    ['closed', 'firing'],
    ['ranked as symptom', 'firing'],
  ] as const;
  for (const [action, status] of UPDATES)
    it(`an update "${action}" is ${status}`, () => assert.equal(read(update(action)).status, status));

  it('an older version leaves macros as they are: no time, not a guess', () => {
    const alert = read({ ...PROBLEM, event_timestamp: '{EVENT.TIMESTAMP}', severity: 'Not classified', value: '7' });
    assert.equal(alert.time.occurred, null);
    assert.deepEqual(alert.severity, { number: null, text: 'Not classified' });
    assert.equal(alert.status, 'unknown');
  });

  it('words that objects inherit are words', () => {
    const alert = read({ ...PROBLEM, severity: 'constructor', event_source: 'toString', value: '__proto__' });
    assert.deepEqual([alert.status, alert.severity], ['unknown', { number: null, text: 'constructor' }]);
  });

  for (const macro of ['{EVENT.SEVERITY}', '{EVENT.TAGS.severity_of-it}', '{$SEVERITY:"web"}', '{ITEM.VALUE1}'])
    it(`${macro} says nothing`, () => assert.equal(read({ ...PROBLEM, severity: macro }).severity.text, null));

  it('a redelivery has the same id, the next problem of the trigger another one', () => {
    assert.equal(idOf(PROBLEM), idOf({ ...PROBLEM }));
    assert.notEqual(idOf({ ...PROBLEM, event_id: '10600' }), idOf(PROBLEM));
  });

  it('each update is an event of its own, also when it was done before', () => {
    const at = (seconds: string) => ({ ...update('acknowledged'), update_timestamp: seconds });
    assert.notEqual(idOf(at('1777629700')), idOf(at('1777629900')));
    assert.equal(idOf(at('1777629700')), idOf(at('1777629700')));
    assert.equal(read(at('1777629700')).time.occurred, '2026-05-01T10:01:40Z');
    assert.notEqual(idOf(update('unacknowledged')), idOf(PROBLEM));
  });

  it('a comment on an acknowledged problem leaves it so', () =>
    assert.equal(read({ ...update('commented'), ack_status: 'Yes' }).status, 'acknowledged'));

  it('an internal event has no trigger, or is not about its problem', () => {
    assert.equal(read({ ...PROBLEM, trigger_id: '{TRIGGER.ID}' }).alertKey, 'test:event:10528');
    assert.equal(read({ ...PROBLEM, event_source: '3' }).alertKey, 'test:event:10528');
  });

  it('an update of a service says what its severity is now', () => {
    const service = {
      ...update('{EVENT.UPDATE.ACTION}'),
      event_source: '4',
      trigger_id: '{TRIGGER.ID}',
      host: '{HOST.HOST}',
      host_id: '{HOST.ID}',
      service_name: 'Shop',
      update_severity: 'Average',
      update_nseverity: '3',
    };
    const alert = read(service);
    assert.deepEqual([alert.alertKey, alert.status], ['test:event:10528', 'firing']);
    assert.deepEqual(alert.severity, { number: 14, text: 'Average' });
    assert.deepEqual(alert.resource, { kind: 'service', id: null, name: 'Shop' });
  });

  for (const [source, type] of [
    ['1', 'tocsin.event.zabbix.discovery'],
    ['2', 'tocsin.event.zabbix.autoregistration'],
  ] as const)
    it(`${type} neither fires nor resolves`, () => {
      const event = onlyEvent(zabbix, requestOf({ ...PROBLEM, event_source: source, value: '{EVENT.VALUE}' }));
      assert.deepEqual([event.type, event.subject, event.time], [type, 'web-1', '2026-05-01T10:00:00Z']);
    });

  it('of equal tags each value counts; what is no list of tags is none', () => {
    const labels = (tags: unknown) => read({ ...PROBLEM, tags }).labels;
    assert.equal(labels('[{"tag":"a","value":"1"},{"tag":"a","value":"2"}]')['a'], '1,2');
    for (const tags of ['[{"tag":', '{"tag":"a"}x', 7, [1, null, { tag: {} }], '*UNKNOWN*'])
      assert.deepEqual(labels(tags), { host: 'web-1', host_ip: '10.0.0.1' });
  });

  it('the button "Test" starts nothing', () => {
    const body = { ...PROBLEM, event_id: '{EVENT.ID}', value: '{EVENT.VALUE}' };
    const { events, rejected, control } = zabbix.toEvents(requestOf(body));
    assert.deepEqual([events, rejected, control?.kind], [[], [], 'test']);
  });
});

describe('zabbix, the shipped media type', () => {
  interface MediaType {
    readonly parameters: readonly { readonly name: string; readonly value: string }[];
    readonly script: string;
  }
  const file = new URL('../../../docs/sources/zabbix-media-type.yaml', import.meta.url);
  const { zabbix_export: exported } = parse(readFileSync(file, 'utf8')) as {
    readonly zabbix_export: { readonly media_types: readonly [MediaType] };
  };
  const [{ parameters, script }] = exported.media_types;
  const run = (values: Readonly<Record<string, string>>, status: number) => {
    const sent: { url: string; body: string; headers: string[] } = { url: '', body: '', headers: [] };
    class HttpRequest {
      addHeader(line: string) {
        sent.headers.push(line);
      }
      post(url: string, body: string) {
        Object.assign(sent, { url, body });
        return 'answer';
      }
      getStatus() {
        return status;
      }
    }
    const given = Object.fromEntries(parameters.map(({ name, value }) => [name, values[name] ?? value]));
    const value = JSON.stringify(given);
    const scope = { value, HttpRequest, Zabbix: { log: () => undefined } };
    return { sent, result: () => runInNewContext(`(function (value) {${script}})(value)`, scope) as unknown };
  };
  const secrets = { tocsin_url: 'http://127.0.0.1:1/in/zabbix', tocsin_token: 'token-of-zabbix-0001' };

  it('sends what the source reads', () => {
    const { sent, result } = run({ ...secrets, ...PROBLEM }, 202);
    assert.equal(result(), 'OK');
    assert.equal(sent.url, secrets.tocsin_url);
    assert.ok(sent.headers.includes('Authorization: Bearer token-of-zabbix-0001'));
    assert.ok(!sent.body.includes(secrets.tocsin_token));
    assert.equal(read(sent.body).alertKey, 'test:trigger:14032');
    assert.equal(read(sent.body).time.started, '2026-05-01T10:00:00Z');
  });

  it('unfilled, it is the test message', () => {
    const { sent, result } = run(secrets, 200);
    assert.equal(result(), 'OK');
    assert.equal(zabbix.toEvents(requestOf(sent.body)).control?.kind, 'test');
  });

  it('throws on any other answer, so that Zabbix tries again', () => {
    assert.throws(() => run({ ...secrets, ...PROBLEM }, 503).result(), /503/);
  });
});

describe('zabbix, the documented template', () => {
  it('problem and OK share the trigger of their links', () => {
    const [problem, ok] = [read(TEMPLATE), read(OK)];
    assert.deepEqual([problem.status, ok.status], ['firing', 'resolved']);
    assert.equal(problem.alertKey, ok.alertKey);
    assert.equal(problem.time.occurred, null);
    assert.equal(read({ ...TEMPLATE, status: 'MAYBE' }).status, 'unknown');
    assert.notEqual(idOf(TEMPLATE), idOf({ ...TEMPLATE, link: OK.link }));
  });

  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [{ ...PROBLEM, value: undefined }, 'missing-status /value'],
    [{ ...PROBLEM, event_id: '', trigger_id: '', link: '' }, 'missing-identity /event_id'],
    [{ ...PROBLEM, event_id: {}, trigger_id: 'x', link: [] }, 'missing-identity /event_id'],
    [{ ...PROBLEM, value: ['1'] }, 'missing-status /value'],
    [{ ...PROBLEM, event_timestamp: 'yesterday' }, 'time-not-rfc3339 /event_timestamp'],
    [{ ...PROBLEM, event_timestamp: { at: 1 } }, 'time-not-rfc3339 /event_timestamp'],
    [{ ...PROBLEM, event_timestamp: '99999999999' }, 'time-in-the-future /event_timestamp'],
    [{ ...TEMPLATE, status: '' }, 'missing-status /status'],
    [{ ...TEMPLATE, link: 'https://zabbix.example/' }, 'missing-identity /link'],
    ['[]', 'not-zabbix '],
    ['text', 'not-json /0'],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () => assert.deepEqual(rejections(zabbix.toEvents(requestOf(body))), [expected]));

  it('reads the recorded payloads', needsFixtures, () => {
    const alerts = fixturesOf('zabbix').map(({ file, raw }) => {
      assert.ok(zabbix.recognises(requestOf(raw)), file);
      assert.equal(read(raw).status, file.includes('ok') ? 'resolved' : 'firing', file);
      return read(raw);
    });
    assert.equal(new Set(alerts.map(({ alertKey }) => alertKey)).size, 1);
  });

  it('never throws', () => assertTotal(zabbix, [PROBLEM, RECOVERY, TEMPLATE]));
});
