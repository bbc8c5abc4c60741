/** What media types that others wrote make of the same problem, its updates and its recovery. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sources } from '../../../triggers/sources/index.ts';
import { zabbix } from '../../../triggers/sources/zabbix.ts';
import { toSender } from '../../../workers/roles/configured-sender.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const LINK = 'https://zabbix.example/tr_events.php?triggerid=14032&eventid=10528';
const TAGS = '[{"tag":"region","value":"eu-1"},{"tag":"cluster","value":"c7"},{"tag":"account","value":"42"}]';
const STARTED = [
  'Problem started at 10:00:00 on 2026.05.01',
  'Problem name: Disk is full on web-1',
  'Host: web-1',
  'Severity: High',
  'Operational data: 97 %',
  'Original problem ID: 10528',
].join('\r\n');
const RESOLVED = STARTED.replace(/^.*/, 'Problem has been resolved in 1h at 11:00:00 on 2026.05.01');
const COMMENTED =
  'Ann acknowledged problem at 2026.05.01 10:05:00.\n\n\nCurrent problem status is PROBLEM, age is 5m, acknowledged: Yes.';

const ANSIBLE = {
  acknowledged: 'No',
  endpoint: '/endpoint',
  event_date: '2026.05.01',
  event_id: 10_528,
  event_name: 'Disk is full on web-1',
  event_nseverity: 4,
  event_object: 0,
  event_severity: 'High',
  event_source: 0,
  event_tags: { region: ['eu-1'], cluster: ['c7'], account: ['42'], flag: [''], scope: ['a', 'b'] },
  event_time: '10:00:00',
  event_value: 1,
  host_groups: ['Linux servers', 'Web'],
  host_host: 'web-1',
  host_id: 10_084,
  host_ip: '10.0.0.1',
  host_port: '10050',
  monitoring_source: 'Zabbix sever',
  operation_data: '97 %',
  trigger_description: '',
  trigger_id: 14_032,
  trigger_name: 'Disk is full',
  event_datetime_timestamp: 1_777_629_600,
};
const ONCALL = {
  alert_uid: '10528',
  title: 'Disk is full on web-1',
  state: 'alerting',
  message: STARTED,
  link_to_upstream_details: LINK,
};
/** The shell script that came before it. */
const SCRIPT = {
  alert_uid: '10528',
  title: 'Problem: Disk is full on web-1 ONCALL_GROUP: 10528',
  state: 'alerting',
  message: STARTED,
};
const KEEP = {
  id: '10528',
  triggerId: '14032',
  lastReceived: '2026.05.01 10:00:03',
  message: STARTED,
  name: 'Disk is full on web-1',
  service: 'web-1',
  severity: 'High',
  status: 'PROBLEM',
  tags: TAGS,
  description: '',
  'ALERT.SUBJECT': 'Problem: Disk is full on web-1',
  'EVENT.SEVERITY': 'High',
  'EVENT.TIME': '10:00:00',
  'EVENT.VALUE': '1',
  'HOST.IP': '10.0.0.1',
  'HOST.NAME': 'web-1',
  'ZABBIX.URL': '{$ZABBIX.URL}',
};
const MACROS = {
  'ALERT.MESSAGE': STARTED,
  'EVENT.ACK.STATUS': 'No',
  'EVENT.DATE': '2026.05.01',
  'EVENT.ID': '10528',
  'EVENT.NAME': 'Disk is full on web-1',
  'EVENT.NSEVERITY': '4',
  'EVENT.RECOVERY.DATE': '{EVENT.RECOVERY.DATE}',
  'EVENT.RECOVERY.TIME': '{EVENT.RECOVERY.TIME}',
  'EVENT.SEVERITY': 'Hoch',
  'EVENT.TAGS': 'region:eu-1, cluster:c7, account:42, flag',
  'EVENT.TIME': '10:00:00',
  'EVENT.UPDATE.ACTION': '',
  'EVENT.UPDATE.STATUS': '0',
  'EVENT.VALUE': '1',
  'HOST.HOST': 'web-1',
  'HOST.NAME': 'The web server',
  'ITEM.ID2': '*UNKNOWN*',
  'TRIGGER.ID': '14032',
  'TRIGGER.NAME': 'Disk is full',
  'TRIGGER.STATUS': 'PROBLEM',
};
const MESSAGE = { to: 'ops', subject: 'Problem: Disk is full on web-1', message: STARTED };
const GROUPED = {
  event: { id: '10528', value: '1', date: '2026.05.01', time: '10:00:00', tags: TAGS },
  trigger: { id: 14_032, name: 'Disk is full', severity: 'High', status: 'PROBLEM' },
  host: { name: 'web-1', ip: '10.0.0.1' },
};
const WRITTEN = { to: 'ops', subject: 'Problem', message: JSON.stringify(GROUPED) };
const NO_HOST = { severity: 'High', status: 'PROBLEM', trigger: 'Disk is full', link: LINK };

const zoned = (body: unknown) => {
  const { times } = toSender({ name: 'x', kind: 'zabbix', auth: { kind: 'none' }, zone: 'Europe/Berlin' });
  assert.ok(times);
  return onlyAlert(zabbix, { ...requestOf(body), times });
};
const read = (body: unknown) => onlyAlert(zabbix, requestOf(body));
const idOf = (body: unknown) => onlyEvent(zabbix, requestOf(body)).id;

const FORMS = [
  ['Event-Driven Ansible', ANSIBLE, { ...ANSIBLE, event_value: 0 }, 'trigger:14032'],
  ['Grafana OnCall', ONCALL, { ...ONCALL, state: 'ok', message: RESOLVED }, 'trigger:14032'],
  ["Grafana OnCall's script", SCRIPT, { ...SCRIPT, state: 'ok', message: RESOLVED }, 'event:10528'],
  ['Keep', KEEP, { ...KEEP, status: 'OK', 'EVENT.VALUE': '0', message: RESOLVED }, 'trigger:14032'],
  ['names of macros', MACROS, { ...MACROS, 'EVENT.VALUE': '0', 'TRIGGER.STATUS': 'OK' }, 'trigger:14032'],
  ['the bare message', MESSAGE, { ...MESSAGE, message: RESOLVED }, 'event:10528'],
  [
    'groups of macros',
    GROUPED,
    { ...GROUPED, event: { ...GROUPED.event, value: '0', recovery_date: '2026.05.01', recovery_time: '11:00:00' } },
    'trigger:14032',
  ],
  [
    'JSON in the message',
    WRITTEN,
    { ...WRITTEN, message: WRITTEN.message.replace('"value":"1"', '"value":"0"') },
    'trigger:14032',
  ],
  ['a template without a host', NO_HOST, { ...NO_HOST, status: 'OK' }, 'trigger:14032'],
] as const;

describe('zabbix, media types of others', () => {
  for (const [name, problem, recovery, key] of FORMS)
    it(`${name}: problem and recovery, of one alert, and nobody else's`, () => {
      for (const body of [problem, recovery]) {
        const found = [...sources.values()].filter((source) => source.recognises(requestOf(body)));
        assert.deepEqual(found, [zabbix]);
      }
      const [fired, ended] = [read(problem), read(recovery)];
      assert.deepEqual([fired.status, ended.status], ['firing', 'resolved']);
      assert.deepEqual([fired.alertKey, ended.alertKey], [`test:${key}`, `test:${key}`]);
      assert.equal(fired.severity.number, 17);
      assert.match(fired.title ?? '', /^Disk is full/);
      assert.equal(idOf(problem), idOf({ ...problem }));
      assert.notEqual(idOf(problem), idOf(recovery));
    });

  for (const [name, body, prefix] of [
    ['Event-Driven Ansible', ANSIBLE, 'event_tags'],
    ['Keep', KEEP, 'tags'],
    ['names of macros', MACROS, 'EVENT.TAGS'],
    ['groups of macros', GROUPED, 'event.tags'],
    ['JSON in the message', WRITTEN, 'message'],
  ] as const)
    it(`${name}: where it is, from its tags`, () => {
      const { location } = read(body);
      assert.deepEqual(location.region, { value: 'eu-1', from: `${prefix}.region` });
      assert.deepEqual(location.cluster, { value: 'c7', from: `${prefix}.cluster` });
      assert.deepEqual(location.account, { value: '42', from: `${prefix}.account` });
    });

  for (const [name, body] of FORMS.slice(0, -1))
    it(`${name}: the host`, () => assert.equal(read(body).resource?.name, 'web-1'));

  it('Event-Driven Ansible: its epoch is an instant, a tag with many values keeps them', () => {
    const { time, labels } = read(ANSIBLE);
    assert.deepEqual([time.started, time.original['started']], ['2026-05-01T10:00:00Z', '1777629600']);
    assert.deepEqual([labels['scope'], labels['flag'], labels['host_group']], ['a,b', '', 'Linux servers,Web']);
    assert.equal(read({ ...ANSIBLE, acknowledged: 'Yes' }).status, 'acknowledged');
  });

  for (const [name, body] of FORMS.slice(1, -1))
    if (body !== KEEP)
      it(`${name}: local times count in the sender's zone only`, () => {
        assert.equal(read(body).time.started, null);
        const { started, original } = zoned(body).time;
        assert.deepEqual([started, original['started']], ['2026-05-01T08:00:00Z', '2026.05.01 10:00:00']);
      });

  it('the end of a problem, from the message', () =>
    assert.equal(zoned({ ...ONCALL, state: 'ok', message: RESOLVED }).time.ended, '2026-05-01T09:00:00Z'));

  it('the number of a severity counts where its name is another', () => {
    assert.deepEqual(read(MACROS).severity, { number: 17, text: 'Hoch' });
    assert.deepEqual(read({ ...KEEP, severity: '5', 'EVENT.SEVERITY': '' }).severity, { number: 22, text: '5' });
    assert.deepEqual(read({ ...ANSIBLE, event_nseverity: 0 }).severity, { number: null, text: 'High' });
  });

  it('a service is known by its name in both messages', () => {
    const service = (first: string, more = '') =>
      read({ message: `${first}\nProblem name: Slow\n${more}Severity: High\nOriginal problem ID: 56` });
    const problem = service('Service problem started at 10:00:00 on 2026.05.01', 'Service: Shop\n');
    const recovery = service('Service "Shop" has been resolved at 11:00:00 on 2026.05.01');
    assert.deepEqual([problem.status, recovery.status], ['firing', 'resolved']);
    assert.deepEqual([problem.resource, problem.alertKey], [recovery.resource, recovery.alertKey]);
  });

  it('parameters named as Zabbix writes its macros need no trigger to be known', () => {
    const problem = { 'EVENT.ID': '77', 'EVENT.VALUE': '1', 'EVENT.NAME': 'Disk is full', 'HOST.NAME': 'web-1' };
    const recovery = { ...problem, 'EVENT.VALUE': '0' };
    assert.ok(zabbix.recognises(requestOf(problem)));
    assert.deepEqual([read(problem).status, read(recovery).status], ['firing', 'resolved']);
    assert.equal(read(problem).alertKey, read(recovery).alertKey);
  });

  it('an update whose message only says so is acknowledged', () =>
    assert.equal(read({ ...ONCALL, message: COMMENTED }).status, 'acknowledged'));

  it('a bare message of an update does not say which problem', () => {
    const request = requestOf({ ...MESSAGE, message: COMMENTED });
    assert.ok(zabbix.recognises(request));
    assert.deepEqual(rejections(zabbix.toEvents(request)), ['missing-identity /event_id']);
  });

  for (const body of [
    {
      ...KEEP,
      id: '{EVENT.ID}',
      status: '{TRIGGER.STATUS}',
      'EVENT.VALUE': '{EVENT.VALUE}',
      message: '{ALERT.MESSAGE}',
    },
    { ...NO_HOST, status: '{TRIGGER.STATUS}', link: '{$ZABBIX.URL}/tr_events.php?triggerid={TRIGGER.ID}' },
  ])
    it('the button "Test" starts nothing', () => assert.equal(zabbix.toEvents(requestOf(body)).control?.kind, 'test'));

  for (const body of [
    { message: 'Problem: the disk is full', subject: 'Problem: x', to: 'ops' },
    { status: 'PROBLEM', trigger: 'x', severity: 'High', link: 'https://wiki.example/disk' },
    { event_id: '1', event_value: '1', id: '7' },
    { trigger_id: '1', id: '7', status: 'ok' },
    { event: { id: '1', event_type: 'incident.triggered', data: {} } },
    { message: '{"event_id":"1","status":"PROBLEM"}' },
    {
      state: 'alerting',
      title: 'x',
      message: 'm',
      ruleId: 1,
      evalMatches: [],
      link: LINK.replace('tr_events', 'events'),
    },
  ])
    it(`is not ${JSON.stringify(body)}`, () => assert.equal(zabbix.recognises(requestOf(body)), false));

  for (const [contentType, how] of [
    ['application/json', 'json'],
    ['application/x-www-form-urlencoded', 'json'],
    ['application/x-ndjson', 'bytes'],
    ['text/plain', 'refused'],
    [null, 'refused'],
  ] as const)
    it(`a body of type ${contentType}: ${how}`, () => assert.equal(zabbix.bodyOf(contentType, {}), how));

  it('never throws', () => assertTotal(zabbix, [ANSIBLE, ONCALL, KEEP, MACROS, MESSAGE, GROUPED, WRITTEN]));
});
