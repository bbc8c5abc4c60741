import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { opsgenie } from '../../../triggers/sources/opsgenie.ts';
import { fixture, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const CREATE = {
  action: 'Create',
  alert: {
    alertId: '052652ac-5d1c-464a-812a-7dd18bbfba8c',
    alias: 'disk-full-db-7',
    message: 'Disk is full',
    description: 'On db-7',
    tinyId: '23',
    entity: 'db-7',
    source: 'zabbix',
    priority: 'P2',
    tags: ['database', 'prod'],
    details: { region: 'eu-west-1', rack: '12' },
    createdAt: 1_777_629_600_104,
    updatedAt: '1777629600104000100',
  },
  source: { name: 'web', type: 'API' },
  integrationId: '37c8f316',
  integrationName: 'Integration1',
};
const with_ = (action: unknown, changes: object = {}) => ({
  ...CREATE,
  action,
  alert: { ...CREATE.alert, ...changes },
});
const read = (body: unknown) => onlyAlert(opsgenie, requestOf(body));

describe('opsgenie', () => {
  for (const [action, status] of [
    ['Create', 'firing'],
    ['UnAcknowledge', 'firing'],
    ['SnoozeEnded', 'firing'],
    ['Acknowledge', 'acknowledged'],
    ['Snooze', 'suppressed'],
    ['Close', 'resolved'],
    ['Delete', 'resolved'],
    ['RestartTheServer', 'unknown'],
    ['constructor', 'unknown'],
  ] as const)
    it(`${action} is ${status}, of the same alert`, () => {
      const alert = read(with_(action));
      assert.deepEqual([alert.status, alert.statusText], [status, action]);
      assert.equal(alert.alertKey, 'test:052652ac-5d1c-464a-812a-7dd18bbfba8c');
    });

  it('reads what the alert says', () => {
    const alert = read(CREATE);
    assert.equal(alert.title, 'Disk is full');
    assert.deepEqual(alert.severity, { number: 17, text: 'P2' });
    assert.deepEqual(alert.location.region, { value: 'eu-west-1', from: 'alert.details.region' });
    assert.deepEqual(
      [alert.labels['tags'], alert.labels['rack'], alert.labels['alias']],
      ['database,prod', '12', 'disk-full-db-7'],
    );
    assert.equal(alert.resource?.name, 'db-7');
  });

  it('an alias that is only the id is no name, and a host among the details is what it is about', () => {
    const { alertId } = CREATE.alert;
    const alert = read(with_('Create', { alias: alertId, entity: '', details: { host: 'db-8' } }));
    assert.equal(alert.name, 'Disk is full');
    assert.deepEqual(alert.resource, { kind: 'host', id: 'db-8', name: 'db-8' });
  });

  for (const [priority, text, number] of [
    [3, '3', 13],
    ['3', '3', 13],
    ['P1', 'P1', 21],
    [7, '7', null],
    [undefined, null, null],
    [null, null, null],
  ] as const)
    it(`priority ${JSON.stringify(priority)} is ${number}`, () =>
      assert.deepEqual(read(with_('Create', { priority })).severity, { number, text }));

  it('nanoseconds keep their digits', () => {
    const raw = JSON.stringify(with_('Close')).replace(/"updatedAt":"\d+"/, '"updatedAt":1777633200764002246');
    const { time } = read(raw);
    assert.deepEqual([time.started, time.ended], ['2026-05-01T10:00:00.104Z', '2026-05-01T11:00:00.764002246Z']);
    assert.equal(time.occurred, time.ended);
  });

  for (const [updatedAt, ended] of [
    [1_777_633_200, '2026-05-01T11:00:00Z'],
    [1_777_633_200_764, '2026-05-01T11:00:00.764Z'],
    ['1777633200764', '2026-05-01T11:00:00.764Z'],
    [1_777_633_200_764_002, '2026-05-01T11:00:00.764002Z'],
    ['2026-05-01T13:00:00+02:00', '2026-05-01T11:00:00Z'],
    [0, null],
    ['', null],
    [null, null],
  ] as const)
    it(`updatedAt ${JSON.stringify(updatedAt)} is ${ended}`, () =>
      assert.equal(read(with_('Close', { updatedAt })).time.ended, ended));

  it('an escalation says nothing of its alert but the id', () => {
    const { alertId } = CREATE.alert;
    const escalation = { action: 'Escalate', alert: { alertId }, escalationName: 'e', repeatCount: 0 };
    const event = onlyEvent(opsgenie, requestOf(escalation));
    assert.deepEqual([event.type, event.subject, event.time], ['tocsin.event.opsgenie.escalate', alertId, undefined]);
    assert.equal(event.id, onlyEvent(opsgenie, requestOf(escalation, { receivedAt: '2026-06-01T13:00:00Z' })).id);
  });

  it('what Jira leaves out is null', () => {
    const alert = read({ action: 'Create', alert: { alertId: 'a-1', message: 'Disk', tags: {}, details: [] } });
    assert.deepEqual([alert.alertKey, alert.title, alert.name], ['test:a-1', 'Disk', 'Disk']);
    assert.deepEqual([alert.severity.text, alert.time.started, alert.resource, alert.labels], [null, null, null, {}]);
    assert.equal(alert.location.region, null);
  });

  for (const [action, type] of [
    ['AddNote', 'tocsin.event.opsgenie.add-note'],
    ['UpdatePriority', 'tocsin.event.opsgenie.update-priority'],
    ['TakeOwnership', 'tocsin.event.opsgenie.take-ownership'],
  ] as const)
    it(`${action} neither fires nor resolves`, () => {
      const event = onlyEvent(opsgenie, requestOf(with_(action)));
      assert.deepEqual([event.type, event.subject], [type, CREATE.alert.alertId]);
    });

  it('a redelivery has the same id, another action has not', () => {
    const id = (action: string, receivedAt: string) => onlyEvent(opsgenie, requestOf(with_(action), { receivedAt })).id;
    assert.equal(id('Close', '2026-06-01T12:00:00Z'), id('Close', '2026-06-01T12:09:00Z'));
    assert.equal(id('AddNote', '2026-06-01T12:00:00Z'), id('AddNote', '2026-06-01T12:09:00Z'));
    assert.notEqual(id('Create', '2026-06-01T12:00:00Z'), id('UnAcknowledge', '2026-06-01T12:00:00Z'));
  });

  for (const [name, body, expected] of [
    ['a list', [CREATE], ['not-opsgenie ']],
    ['no alert', { action: 'Create' }, ['missing-alert /alert']],
    ['no id', with_('Create', { alertId: '' }), ['missing-identity /alert/alertId']],
    ['no action', with_(undefined), ['missing-status /action']],
    ['a time that is none', with_('Create', { createdAt: 'now' }), ['time-not-rfc3339 /alert/createdAt']],
    ['an ancient time', with_('Create', { createdAt: 500_000_000_000 }), ['time-ancient /alert/createdAt']],
    ['a future time', with_('Close', { updatedAt: 4_000_000_000_000 }), ['time-in-the-future /alert/updatedAt']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(rejections(opsgenie.toEvents(requestOf(body))), expected));

  it('is recognised by its content', () => {
    for (const [action, changes] of [
      ['Create', {}],
      ['RestartTheServer', {}],
      [5, { alertId: null }],
    ] as const)
      assert.ok(opsgenie.recognises(requestOf(with_(action, changes))));
    assert.ok(opsgenie.recognises(requestOf({ action: 'EscalateNext', alert: { alertId: 'a-1' } })));
    assert.ok(!opsgenie.recognises(requestOf({ action: 'RestartTheServer', alert: { alertId: 'a-1' } })));
    assert.ok(
      !opsgenie.recognises(requestOf({ action: 'created', alert: { number: 4, state: 'open' }, repository: {} })),
    );
  });

  it('never throws', () => assertTotal(opsgenie, [CREATE]));

  it('reads real payloads', needsFixtures, () => {
    const create = read(fixture('opsgenie__create__zulip-zulip.json').raw);
    assert.deepEqual([create.severity.number, create.time.occurred], [13, '2017-08-14T11:25:56.288Z']);
    const taken = read(fixture('opsgenie__acknowledge__zulip-zulip.json').raw);
    assert.deepEqual([taken.status, taken.time.occurred], ['acknowledged', '2015-01-05T10:03:44.764002246Z']);
  });
});
