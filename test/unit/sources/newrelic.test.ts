import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newrelic } from '../../../triggers/sources/newrelic.ts';
import { fixture, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const ISSUE = {
  id: '95a9344a-2590-48ce-8d83-07e28b6d22c6',
  issueUrl: 'https://radar-api.service.newrelic.com/accounts/17/issues/0ea2df1c',
  title: 'CPU is over 90 % on web-1',
  priority: 'CRITICAL',
  impactedEntities: ['web-1', 'web-2'],
  totalIncidents: 1,
  state: 'ACTIVATED',
  trigger: 'STATE_CHANGE',
  isCorrelated: false,
  createdAt: 1_777_629_600_228,
  updatedAt: 1_777_633_200_383,
  sources: ['newrelic'],
  alertPolicyNames: ['Golden signals'],
  alertConditionNames: ['High CPU'],
  workflowName: 'Pages',
};
const INCIDENT = {
  account_id: 17,
  account_name: 'Shop',
  condition_name: 'High CPU',
  current_state: 'open',
  details: 'CPU is over 90 %',
  event_type: 'INCIDENT',
  incident_id: 0,
  incident_url: 'https://alerts.newrelic.com/accounts/17/incidents/0',
  policy_name: 'Golden signals',
  runbook_url: 'https://runbooks.example.com/cpu',
  severity: 'WARNING',
  targets: [{ id: '5', name: 'web-1', type: 'Application', labels: { team: 'shop' } }],
  timestamp: 1_777_629_600_228,
};
const read = (body: unknown) => onlyAlert(newrelic, requestOf(body));
const refused = (body: unknown) => rejections(newrelic.toEvents(requestOf(body)));

describe('newrelic issues', () => {
  for (const [state, trigger, status] of [
    ['CREATED', 'STATE_CHANGE', 'firing'],
    ['ACTIVATED', 'STATE_CHANGE', 'firing'],
    ['activated', 'PRIORITY_CHANGED', 'firing'],
    ['ACTIVATED', 'ISSUE_ACKNOWLEDGED', 'acknowledged'],
    ['ACKNOWLEDGED', 'OTHER', 'acknowledged'],
    ['CLOSED', 'INCIDENT_CLOSED', 'resolved'],
    ['CLOSED', 'ISSUE_ACKNOWLEDGED', 'resolved'],
    ['MERGED', 'OTHER', 'unknown'],
  ] as const)
    it(`${state} by ${trigger} is ${status}, of the same issue`, () => {
      const alert = read({ ...ISSUE, state, trigger });
      assert.deepEqual([alert.status, alert.statusText], [status, state]);
      assert.equal(alert.alertKey, read(ISSUE).alertKey);
    });

  it('reads what the issue says', () => {
    const alert = read(ISSUE);
    assert.equal(alert.name, 'High CPU');
    assert.deepEqual(alert.severity, { number: 21, text: 'CRITICAL' });
    assert.deepEqual([alert.time.started, alert.time.ended], ['2026-05-01T10:00:00.228Z', null]);
    assert.deepEqual(alert.location.account, { value: '17', from: 'issueUrl' });
    assert.equal(alert.labels['entities'], 'web-1,web-2');
    assert.equal(alert.resource?.name, 'web-1');
  });

  it('a closed one ends when it was updated', () =>
    assert.equal(read({ ...ISSUE, state: 'CLOSED' }).time.ended, '2026-05-01T11:00:00.383Z'));

  it('of several titles the first, and the end that a template of its own says', () => {
    const closed = read({
      ...ISSUE,
      state: 'CLOSED',
      title: ['CPU is high', 'Memory is low'],
      closedAt: 1_777_632_000_000,
    });
    assert.deepEqual([closed.title, closed.time.ended], ['CPU is high', '2026-05-01T10:40:00Z']);
    assert.equal(read({ ...ISSUE, closedAt: null }).time.ended, null);
  });

  it('without an id the address of the issue has it, equal for its end', () => {
    const { id: _id, ...rest } = { ...ISSUE, issueUrl: `https://one.newrelic.com/accounts/17/issues/${ISSUE.id}?a=b` };
    assert.equal(read(rest).alertKey, read(ISSUE).alertKey);
    assert.equal(read({ ...rest, state: 'CLOSED' }).alertKey, read(ISSUE).alertKey);
  });

  it('what New Relic had no value for was not said', () => {
    const alert = read({ ...ISSUE, createdAt: 'N/A', updatedAt: 'N/A', priority: 'N/A', title: 'N/A' });
    assert.deepEqual([alert.status, alert.time.started, alert.time.occurred], ['firing', null, null]);
    assert.deepEqual([alert.severity.text, alert.title], [null, null]);
    assert.deepEqual(refused({ ...ISSUE, state: 'N/A' }), ['missing-status /state']);
  });

  for (const [name, body, expected] of [
    ['no id', { ...ISSUE, id: null, issueUrl: 'https://one.newrelic.com/' }, ['missing-identity /id']],
    ['no state', { ...ISSUE, state: '' }, ['missing-status /state']],
    ['a bad time', { ...ISSUE, createdAt: 'yesterday' }, ['time-not-rfc3339 /createdAt']],
    ['a list', [ISSUE], ['not-newrelic ']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(refused(body), expected));
});

describe('newrelic incidents', () => {
  for (const [state, status] of [
    ['open', 'firing'],
    ['acknowledged', 'acknowledged'],
    ['closed', 'resolved'],
    ['test', 'unknown'],
  ] as const)
    it(`${state} is ${status}, of the same incident`, () => {
      const alert = read({ ...INCIDENT, current_state: state, timestamp: INCIDENT.timestamp + 9 });
      assert.deepEqual([alert.status, alert.alertKey], [status, 'test:incident:17:0']);
    });

  it('reads what the incident says', () => {
    const alert = read(INCIDENT);
    assert.deepEqual(alert.severity, { number: 13, text: 'WARNING' });
    assert.deepEqual([alert.time.occurred, alert.time.started], ['2026-05-01T10:00:00.228Z', null]);
    assert.equal(alert.links.runbook, 'https://runbooks.example.com/cpu');
    assert.deepEqual(alert.labels, { team: 'shop', policy: 'Golden signals', condition: 'High CPU', account: 'Shop' });
    assert.deepEqual(alert.resource, { kind: 'Application', id: '5', name: 'web-1' });
  });

  for (const [name, changes, expected] of [
    ['no id', { incident_id: null }, ['missing-identity /incident_id']],
    ['no state', { current_state: undefined }, ['missing-status /current_state']],
    ['a time too large', { timestamp: 1e30 }, ['time-not-rfc3339 /timestamp']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(refused({ ...INCIDENT, ...changes }), expected));

  it('a template without the account is known, and has it from the address', () => {
    const { account_id: _account, ...rest } = INCIDENT;
    assert.ok(newrelic.recognises(requestOf(rest)));
    const alert = read(rest);
    assert.deepEqual(alert.location.account, { value: '17', from: 'incident_url' });
    assert.equal(alert.alertKey, read({ ...rest, current_state: 'closed' }).alertKey);
  });

  it('an empty time is not set', () => assert.equal(read({ ...INCIDENT, timestamp: '' }).time.occurred, null));
});

describe('newrelic', () => {
  it('a redelivery has the same id', () => {
    for (const body of [ISSUE, INCIDENT]) {
      const id = (receivedAt: string) => onlyEvent(newrelic, requestOf(body, { receivedAt })).id;
      assert.equal(id('2026-06-01T12:00:00Z'), id('2026-06-01T13:00:00Z'));
    }
  });

  it('is recognised by its content', () => {
    assert.ok(newrelic.recognises(requestOf(ISSUE)) && newrelic.recognises(requestOf(INCIDENT)));
    assert.ok(!newrelic.recognises(requestOf({ incident: { incident_id: '1', state: 'open' }, version: '1.2' })));
  });

  it('never throws', () => assertTotal(newrelic, [ISSUE, INCIDENT]));

  it('reads real payloads', needsFixtures, () => {
    const closed = read(fixture('newrelic__workflow-closed__zulip-zulip.json').raw);
    assert.deepEqual([closed.status, closed.time.ended], ['resolved', '2024-04-22T06:17:37.383Z']);
    const open = read(fixture('newrelic__legacy-incident-open__alerta-alerta.json').raw);
    assert.deepEqual([open.status, open.time.occurred], ['firing', '2020-09-25T11:23:27.849Z']);
  });
});
