import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datadog } from '../../../triggers/sources/datadog.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const OURS = {
  alert_id: '1234',
  alert_cycle_key: '15117',
  aggreg_key: '9bd4ac31',
  alert_transition: 'Triggered',
  alert_priority: 'P2',
  alert_type: 'error',
  alert_scope: 'host:web-1,env:prod',
  alert_title: '[Triggered on {host:web-1}] CPU is high',
  tags: 'env:prod,region:eu-west-1,monitor,kube_cluster_name:blue',
  hostname: 'web-1',
  link: 'https://app.datadoghq.com/monitors/1234',
  date: '1777629600123',
  id: '77',
  org_id: '5',
  body: 'look here',
};
const DEFAULT = {
  id: '77',
  last_updated: '1777629600000',
  event_type: 'query_alert_monitor',
  title: '[Triggered on {host:web-1}] CPU is high',
  date: '1777629600000',
  org: { id: '5', name: 'Acme' },
  body: 'look here',
};
const RECOVERED = {
  alert_transition: 'Recovered',
  alert_title: '[Recovered on {host:web-1}] CPU is high',
  alert_type: 'success',
};
const read = (body: unknown) => onlyAlert(datadog, requestOf(body));
const form = (fields: Record<string, string>) =>
  requestOf(new URLSearchParams(fields).toString(), { contentType: 'application/x-www-form-urlencoded' });

describe('datadog', () => {
  it('"Test Notifications" of a monitor starts nothing', () => {
    for (const body of [
      { ...OURS, alert_title: '[TEST] CPU is high' },
      { ...DEFAULT, title: '[Triggered on {host:web-1}] [TEST] CPU is high' },
      { ...DEFAULT, title: '[P2] [Warn] [TEST] CPU is high' },
      { ...OURS, ...RECOVERED, alert_title: '[Recovered] [TEST] CPU is high' },
    ]) {
      const { events, rejected, control } = datadog.toEvents(requestOf(body));
      assert.deepEqual([events, rejected, control?.kind], [[], [], 'test']);
    }
    assert.equal(read({ ...OURS, alert_title: '[Triggered] Queue of [TEST] is long' }).status, 'firing');
  });

  it('reads our template', () => {
    const alert = read(OURS);
    assert.deepEqual([alert.status, alert.name], ['firing', 'CPU is high']);
    assert.deepEqual(alert.severity, { number: 17, text: 'P2' });
    assert.equal(alert.time.started, '2026-05-01T10:00:00.123Z');
    assert.equal(alert.time.original['started'], '1777629600123');
    assert.deepEqual(alert.location.region, { value: 'eu-west-1', from: 'tags.region' });
    assert.deepEqual(alert.location.cluster, { value: 'blue', from: 'tags.kube_cluster_name' });
    assert.deepEqual(alert.labels, {
      env: 'prod',
      region: 'eu-west-1',
      monitor: '',
      kube_cluster_name: 'blue',
      host: 'web-1',
    });
    assert.deepEqual(alert.resource, { kind: 'host', id: 'web-1', name: 'web-1' });
    assert.equal(alert.links.source, OURS.link);
  });

  const PAIRS: readonly (readonly [why: string, firing: object, resolved: object])[] = [
    ['our template', OURS, { ...OURS, ...RECOVERED, id: '78', date: '1777630000000' }],
    ['the scope in another order', OURS, { ...OURS, ...RECOVERED, alert_scope: 'env:prod, host:web-1' }],
    ['the default body', DEFAULT, { ...DEFAULT, id: '78', title: '[Recovered on {host:web-1}] CPU is high' }],
    [
      'a cycle key alone',
      { alert_cycle_key: 'c', alert_transition: 'Triggered' },
      { alert_cycle_key: 'c', alert_transition: 'Recovered' },
    ],
  ];
  for (const [why, firing, resolved] of PAIRS)
    it(`one key for alert and recovery: ${why}`, () => {
      const [before, after] = [read(firing), read(resolved)];
      assert.equal(before.alertKey, after.alertKey);
      assert.deepEqual([before.status, after.status], ['firing', 'resolved']);
    });

  it('two groups of one monitor are two alerts', () => {
    assert.notEqual(read(OURS).alertKey, read({ ...OURS, alert_scope: 'host:web-2,env:prod' }).alertKey);
  });

  const STATES: readonly (readonly [transition: string, status: string, starts: boolean])[] = [
    ['Triggered', 'firing', true],
    ['Re-Triggered', 'firing', false],
    ['Warn', 'firing', true],
    ['Re-Warn', 'firing', false],
    ['Renotify', 'firing', false],
    ['No Data', 'unknown', false],
    ['Re-No Data', 'unknown', false],
    ['Recovered', 'resolved', false],
    ['Muted', 'suppressed', false],
    ['Something Later', 'unknown', false],
  ];
  for (const [transition, status, starts] of STATES)
    it(`${transition} is ${status}`, () => {
      const alert = read({ ...OURS, alert_transition: transition });
      assert.deepEqual([alert.status, alert.statusText, alert.time.started !== null], [status, transition, starts]);
      assert.equal(alert.time.occurred, '2026-05-01T10:00:00.123Z');
    });

  it('a variable that was not set is absent, and the next best counts', () => {
    const alert = read({ ...OURS, alert_priority: '', hostname: '$HOSTNAME', alert_transition: 'Null' });
    assert.deepEqual([alert.severity.text, alert.resource?.id, alert.statusText], ['error', 'web-1', 'Triggered']);
    assert.equal(read({ ...OURS, alert_priority: 'null', alert_type: '$ALERT_TYPE' }).severity.text, null);
  });

  it('a priority in front of the state is no part of the name', () => {
    const [first, second] = ['Triggered', 'Recovered'].map((state) =>
      read({ ...DEFAULT, title: `[P2] [${state} on {host:web-1}] CPU is high` }),
    );
    assert.deepEqual([first?.name, first?.severity], ['CPU is high', { number: 17, text: 'P2' }]);
    assert.deepEqual([second?.status, second?.alertKey], ['resolved', first?.alertKey]);
    assert.equal(first?.alertKey, read(DEFAULT).alertKey);
  });

  it('goes by the variables, however a template spells them', () => {
    const { alert_id, alert_transition, alert_scope, ...rest } = OURS;
    const other = { ...rest, monitorId: Number(alert_id), ALERT_TRANSITION: alert_transition, scopes: alert_scope };
    assert.equal(read(other).alertKey, read(OURS).alertKey);
  });

  it('knows other names of a variable, and tags that were not set', () => {
    const { aggreg_key: agg_reg_key, link: alert_url, body: text_only_msg, date: timestamp, ...rest } = OURS;
    const alert = read({ ...rest, agg_reg_key, alert_url, text_only_msg, timestamp, hostname: '$TAGS[host]' });
    const { alert_transition: transition, ...unsaid } = OURS;
    assert.equal(read({ ...unsaid, alert_title: 'CPU', transition }).status, 'firing');
    assert.deepEqual([alert.description, alert.links.source], [OURS.body, OURS.link]);
    assert.deepEqual([alert.group?.key, alert.resource?.id], [OURS.aggreg_key, 'web-1']);
    assert.equal(alert.time.started, '2026-05-01T10:00:00.123Z');
  });

  it('the default body with a key for what belongs together tells groups apart by the title', () => {
    const keyOf = (title: string) => read({ ...DEFAULT, aggreg_key: 'k', title }).alertKey;
    const [firing, over, other] = ['Triggered on {host:a}', 'Recovered on {host:a}', 'Triggered on {host:b}'].map(
      (state) => keyOf(`[${state}] CPU is at 97 %`),
    );
    assert.deepEqual([over, other === firing], [firing, false]);
    assert.equal(keyOf('[Recovered on {host:a}] CPU is at 3 %'), firing);
  });

  for (const [why, fields, status, text] of [
    ['no transition, no words in the title', { alert_transition: '', alert_title: 'CPU is high' }, 'unknown', ''],
    ['a transition that is not documented', { alert_transition: 'Exploded' }, 'unknown', 'Exploded'],
    ['no data', { alert_transition: 'No Data' }, 'unknown', 'No Data'],
    ['a warning', { alert_transition: 'Warn' }, 'firing', 'Warn'],
    ['a warning again', { alert_transition: '', title: '[Re-Warn on {host:web-1}] CPU is high' }, 'firing', 'Re-Warn'],
  ] as const)
    it(`${why}: ${status}, and the same key`, () => {
      const alert = read({ ...OURS, ...fields });
      assert.deepEqual([alert.status, alert.statusText, alert.alertKey], [status, text, read(OURS).alertKey]);
    });

  it('the default body of what is no state stays an alert', () => {
    const alert = read({ ...DEFAULT, title: '[Acme] CPU is high' });
    assert.deepEqual([alert.status, alert.name], ['unknown', '[Acme] CPU is high']);
  });

  for (const [why, fields, text, number] of [
    ['its own name', { alert_priority: 'P1', priority: 'low' }, 'P1', 21],
    ['a looser name', { alert_priority: '', priority: 'P3' }, 'P3', 13],
    ['how an event is shown is no severity', { alert_priority: '', priority: 'low' }, 'error', 17],
    ['a word of the template', { alert_priority: '', severity: 'critical' }, 'critical', 21],
  ] as const)
    it(`priority, ${why}`, () => assert.deepEqual(read({ ...OURS, ...fields }).severity, { text, number }));

  it('seconds are told from milliseconds, and tags may be a list', () => {
    const alert = read({ ...OURS, date: 1777629600, tags: ['env:prod', 'region:eu-west-1'] });
    assert.equal(alert.time.started, '2026-05-01T10:00:00Z');
    assert.equal(alert.labels['region'], 'eu-west-1');
  });

  it('an id beyond 2^53 keeps its digits', () => {
    const body = JSON.stringify(OURS).replace('"alert_id":"1234"', '"alert_id":9007199254740993');
    assert.match(read(body).alertKey, /monitor:9007199254740993:/);
  });

  it('reads a form like JSON', () => {
    assert.equal(onlyEvent(datadog, form(OURS)).id, onlyEvent(datadog, requestOf(OURS)).id);
    const { org, ...rest } = DEFAULT;
    const sent = form({ ...rest, org: JSON.stringify(org) });
    assert.ok(datadog.recognises(sent));
    assert.equal(onlyEvent(datadog, sent).id, onlyEvent(datadog, requestOf(DEFAULT)).id);
  });

  it('a form that is no UTF-8 is refused', () => {
    const bytes = Buffer.concat([Buffer.from('alert_id=1&alert_transition='), Buffer.from([0xff])]);
    const request = requestOf(bytes, { contentType: 'application/x-www-form-urlencoded' });
    assert.deepEqual(rejections(datadog.toEvents(request)), ['not-datadog ']);
  });

  it('a redelivery is the same event, a later notification is not', () => {
    const id = (body: unknown) => onlyEvent(datadog, requestOf(body)).id;
    assert.equal(id(OURS), id({ ...OURS, body: 'edited' }));
    assert.notEqual(id(OURS), id({ ...OURS, date: '1777629700000' }));
  });

  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [{ alert_transition: 'Triggered', alert_id: '$ALERT_ID' }, 'missing-identity /alert_id'],
    [{ ...OURS, date: 'yesterday' }, 'time-not-rfc3339 /date'],
    [{ ...OURS, date: '900000000000' }, 'time-ancient /date'],
    [[], 'not-datadog '],
    ['', 'not-datadog '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () => assert.deepEqual(rejections(datadog.toEvents(requestOf(body))), [expected]));

  it('recognises its own', () => {
    assert.ok(datadog.recognises(requestOf(OURS)));
    assert.ok(datadog.recognises(requestOf(DEFAULT)));
    assert.ok(datadog.recognises(requestOf({ title: '[Warn] CPU is high', alert_transition: 'Warn' })));
    const template = { alert_id: '1', alert_metric: 'system.cpu.user', alert_status: 'over 90', title: '[Warn] CPU' };
    assert.ok(datadog.recognises(requestOf(template)), 'the state stands in the title');
    assert.equal(datadog.recognises(requestOf({ ...template, title: 'CPU' })), false);
    assert.equal(datadog.recognises(requestOf({ id: 1, title: 'x', alerts: [] })), false);
    assert.equal(datadog.recognises(requestOf('payload=%7B%7D')), false);
  });

  it('never throws', () => assertTotal(datadog, [OURS, DEFAULT]));
});
