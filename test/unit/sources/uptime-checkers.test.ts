import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { healthchecks } from '../../../triggers/sources/healthchecks.ts';
import { pingdom } from '../../../triggers/sources/pingdom.ts';
import type { Source } from '../../../triggers/sources/source.ts';
import { uptimeKuma } from '../../../triggers/sources/uptime-kuma.ts';
import { uptimerobot } from '../../../triggers/sources/uptimerobot.ts';
import { senderTimes } from '../../../workers/roles/sender-times.ts';
import { fixture, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const PINGDOM = {
  check_id: 803_318,
  check_name: 'Shop',
  check_type: 'HTTP',
  check_params: { hostname: 'shop.example.com', full_url: 'https://shop.example.com/' },
  current_state: 'DOWN',
  previous_state: 'UP',
  importance_level: 'HIGH',
  state_changed_timestamp: 1_777_629_600,
  state_changed_utc_time: '2026-05-01T10:00:00',
  tags: ['shop'],
  long_description: 'HTTP Error 503',
};
const ROBOT = {
  monitorID: '77',
  monitorURL: 'https://shop.example.com',
  monitorFriendlyName: 'Shop',
  alertType: '1',
  alertTypeFriendlyName: 'Down',
  alertDetails: 'Host Is Unreachable',
  alertDateTime: '1777629600',
};
const KUMA = {
  heartbeat: { monitorID: 2, status: 0, time: '2026-05-01 10:00:00.000', msg: 'Port closed', important: true },
  monitor: {
    id: 2,
    name: 'Shop',
    type: 'http',
    url: 'https://shop.example.com',
    tags: [{ name: 'team', value: 'shop' }],
  },
  msg: '[Shop] [Down] Port closed',
};
const CHECK = {
  sender: 'healthchecks',
  code: '5d1c464a-812a-4dd1-8bbf-ba8c05265200',
  name: 'Backup',
  status: 'down',
  now: '2026-05-01T10:00:00+00:00',
  tags: 'db prod',
};
/** As Kuma's method GET sends it. */
const inAddress = (members: object): string =>
  new URLSearchParams(
    Object.entries(members).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as [string, string],
    ),
  ).toString();
const beat = (changes: object) => ({ ...KUMA, heartbeat: { ...KUMA.heartbeat, ...changes } });

/** Source, payload, status, time: the first two of each source are the start and the end of one thing. */
const STATES: readonly (readonly [Source, unknown, string, string, string | null])[] = [
  [pingdom, PINGDOM, 'firing', 'DOWN', '2026-05-01T10:00:00Z'],
  [
    pingdom,
    { ...PINGDOM, current_state: 'UP', state_changed_timestamp: 1_777_633_200 },
    'resolved',
    'UP',
    '2026-05-01T11:00:00Z',
  ],
  [
    pingdom,
    { ...PINGDOM, check_type: 'TRANSACTION', current_state: 'FAILING' },
    'firing',
    'FAILING',
    '2026-05-01T10:00:00Z',
  ],
  [pingdom, { ...PINGDOM, state_changed_timestamp: undefined }, 'firing', 'DOWN', '2026-05-01T10:00:00Z'],
  [pingdom, { ...PINGDOM, current_state: 'SUCCESS' }, 'resolved', 'SUCCESS', '2026-05-01T10:00:00Z'],
  [pingdom, { ...PINGDOM, current_state: 'UNCONFIRMED_DOWN' }, 'unknown', 'UNCONFIRMED_DOWN', '2026-05-01T10:00:00Z'],
  [uptimerobot, ROBOT, 'firing', 'Down', '2026-05-01T10:00:00Z'],
  [uptimerobot, { ...ROBOT, alertType: 2, alertTypeFriendlyName: 'Up' }, 'resolved', 'Up', '2026-05-01T10:00:00Z'],
  [uptimerobot, { ...ROBOT, alertType: '*alertType*', alertDateTime: '*alertDateTime*' }, 'firing', 'Down', null],
  [uptimerobot, { monitor_id: 77, alert_type: '2' }, 'resolved', '2', null],
  [uptimerobot, new URLSearchParams(ROBOT).toString(), 'firing', 'Down', '2026-05-01T10:00:00Z'],
  [uptimerobot, { ...ROBOT, alertType: '9', alertTypeFriendlyName: 'Slow' }, 'unknown', 'Slow', '2026-05-01T10:00:00Z'],
  [uptimeKuma, KUMA, 'firing', 'down', '2026-05-01T10:00:00Z'],
  [uptimeKuma, beat({ status: 1, time: '2026-05-01 11:00:00.123' }), 'resolved', 'up', '2026-05-01T11:00:00.123Z'],
  [uptimeKuma, beat({ status: 2 }), 'unknown', 'pending', '2026-05-01T10:00:00Z'],
  [uptimeKuma, beat({ status: 3 }), 'suppressed', 'maintenance', '2026-05-01T10:00:00Z'],
  [uptimeKuma, beat({ status: 7 }), 'unknown', '7', '2026-05-01T10:00:00Z'],
  [
    uptimeKuma,
    beat({ time: null, localDateTime: '2026-05-01 12:00:00', timezoneOffset: '+02:00' }),
    'firing',
    'down',
    '2026-05-01T10:00:00Z',
  ],
  ...[120, 2, '+02:00'].map(
    (timezoneOffset) =>
      [
        uptimeKuma,
        beat({ time: null, localDateTime: '2026-05-01 12:00:00', timezoneOffset }),
        'firing',
        'down',
        '2026-05-01T10:00:00Z',
      ] as const,
  ),
  [
    uptimeKuma,
    beat({ time: null, localDateTime: '2026-05-01 04:30:00', timezoneOffset: -330 }),
    'firing',
    'down',
    '2026-05-01T10:00:00Z',
  ],
  [uptimeKuma, inAddress(KUMA), 'firing', 'down', '2026-05-01T10:00:00Z'],
  [healthchecks, CHECK, 'firing', 'down', '2026-05-01T10:00:00Z'],
  [healthchecks, new URLSearchParams(CHECK).toString(), 'firing', 'down', '2026-05-01T10:00:00Z'],
  [
    healthchecks,
    { ...CHECK, status: 'up', now: '2026-05-01T11:00:00+00:00' },
    'resolved',
    'up',
    '2026-05-01T11:00:00Z',
  ],
  [healthchecks, { ...CHECK, status: 'DOWN' }, 'firing', 'DOWN', '2026-05-01T10:00:00Z'],
  [healthchecks, { ...CHECK, status: 'paused' }, 'suppressed', 'paused', '2026-05-01T10:00:00Z'],
  [healthchecks, { ...CHECK, status: 'grace' }, 'unknown', 'grace', '2026-05-01T10:00:00Z'],
  [healthchecks, { ...CHECK, now: '$NOW' }, 'firing', 'down', null],
];
const KEYS = new Map([
  [pingdom, 'test:check:803318'],
  [uptimerobot, 'test:monitor:77'],
  [uptimeKuma, 'test:monitor:2'],
  [healthchecks, `test:check:${CHECK.code}`],
]);

describe('uptime checkers: states', () => {
  for (const [source, body, status, statusText, occurred] of STATES)
    it(`${source.kind} ${statusText} is ${status}`, () => {
      const alert = onlyAlert(source, requestOf(body));
      assert.deepEqual([alert.status, alert.statusText, alert.time.occurred], [status, statusText, occurred]);
      assert.equal(alert.alertKey, KEYS.get(source));
      if (status === 'resolved') assert.equal(alert.time.ended, occurred);
    });

  for (const [source, body] of STATES)
    it(`a redelivery of ${source.kind} has the same id, and only its source knows it`, () => {
      const id = (receivedAt: string) => onlyEvent(source, requestOf(body, { receivedAt })).id;
      assert.equal(id('2026-06-01T12:00:00Z'), id('2026-06-01T13:00:00Z'));
      const knowing = [...KEYS.keys()].filter((each) => each.recognises(requestOf(body)));
      assert.deepEqual(knowing, [source]);
    });
});

describe('uptime checkers: facts', () => {
  it('pingdom', () => {
    const alert = onlyAlert(pingdom, requestOf(PINGDOM));
    assert.deepEqual(alert.severity, { number: 17, text: 'HIGH' });
    assert.deepEqual(alert.labels, { url: 'https://shop.example.com/', hostname: 'shop.example.com', tags: 'shop' });
    assert.deepEqual(alert.resource, { kind: 'HTTP', id: '803318', name: 'shop.example.com' });
    assert.equal(alert.description, 'HTTP Error 503');
  });

  it('uptimerobot: a template may group its variables', () => {
    const grouped = {
      secret: 'x',
      monitor: { id: '77', url: ROBOT.monitorURL, friendly_name: 'Shop' },
      alert: { type: '1', type_friendly_name: 'Down', date_time: ROBOT.alertDateTime, details: '*alertDetails*' },
    };
    assert.ok(uptimerobot.recognises(requestOf(grouped)));
    assert.equal(onlyEvent(uptimerobot, requestOf(grouped)).id, onlyEvent(uptimerobot, requestOf(ROBOT)).id);
    const late = { ...grouped, alert: { ...grouped.alert, date_time: 'now' } };
    assert.deepEqual(rejections(uptimerobot.toEvents(requestOf(late))), ['time-not-rfc3339 /alert/date_time']);
  });

  it('uptimerobot does not know a template for Datadog', () =>
    assert.ok(!uptimerobot.recognises(requestOf({ monitor_id: '12', alert_type: 'error', title: 'x' }))));

  it('uptimerobot without an id goes by URL and name', () => {
    const { monitorID: _id, ...rest } = ROBOT;
    const down = onlyAlert(uptimerobot, requestOf(rest));
    const up = onlyAlert(uptimerobot, requestOf({ ...rest, alertType: '2' }));
    assert.equal(down.alertKey, up.alertKey);
    assert.notEqual(down.alertKey, onlyAlert(uptimerobot, requestOf({ ...rest, monitorURL: 'https://b' })).alertKey);
    assert.equal(down.description, 'Host Is Unreachable');
  });

  for (const changes of [
    { alertType: '3' },
    { alertType: 3 },
    { alertType: '*alertType*', alertTypeFriendlyName: 'SSL Expiry' },
    { alertType: '4', alertTypeFriendlyName: 'Domain expiry' },
  ])
    it(`uptimerobot tells of a certificate or domain without firing or resolving: ${JSON.stringify(changes)}`, () =>
      assert.equal(
        onlyEvent(uptimerobot, requestOf({ ...ROBOT, ...changes })).type,
        'tocsin.event.uptimerobot.expiry',
      ));

  it('uptime-kuma says when it went down once it is up again, in newer versions', () => {
    const { time } = onlyAlert(uptimeKuma, requestOf(beat({ status: 1, lastDownTime: '2026-05-01 09:30:00.000' })));
    assert.deepEqual([time.started, time.ended], ['2026-05-01T09:30:00Z', '2026-05-01T10:00:00Z']);
  });

  it('uptime-kuma: an offset is not needed where the zone is known', () => {
    const given = beat({ time: null, localDateTime: '2026-05-01 12:00:00', timezone: 'Europe/Berlin' });
    const times = senderTimes({ name: 'kuma' });
    assert.equal(onlyAlert(uptimeKuma, { ...requestOf(given), times }).time.occurred, '2026-05-01T10:00:00Z');
  });

  it('outages that say no time are told apart by the last ping before them', () => {
    const api = { name: 'Backup', n_pings: 4, grace: 60, status: 'down', uuid: CHECK.code, last_ping: CHECK.now };
    const id = (last_ping: string) => onlyEvent(healthchecks, requestOf({ ...api, last_ping })).id;
    assert.equal(id(CHECK.now), id(CHECK.now));
    assert.notEqual(id(CHECK.now), id('2026-05-02T10:00:00+00:00'));
  });

  it('a template of Healthchecks without tags is read', () => {
    const { tags: _, ...rest } = CHECK;
    assert.equal(onlyAlert(healthchecks, requestOf(rest)).labels['tags'], undefined);
  });

  it('uptime-kuma', () => {
    const alert = onlyAlert(uptimeKuma, requestOf(KUMA));
    assert.deepEqual(alert.labels, { team: 'shop', url: 'https://shop.example.com' });
    assert.deepEqual([alert.title, alert.description, alert.time.started], ['Shop', 'Port closed', null]);
  });

  it('uptime-kuma: the preset multipart/form-data holds the same', () => {
    const part = (name: string, value: string) =>
      `--b0undary\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part('other', '{}')}${part('data', JSON.stringify(KUMA))}--b0undary--\r\n`;
    assert.equal(uptimeKuma.bodyOf('multipart/form-data', {}), 'bytes');
    const request = requestOf(body, { contentType: 'multipart/form-data' });
    assert.ok(uptimeKuma.recognises(request));
    assert.equal(onlyEvent(uptimeKuma, request).id, onlyEvent(uptimeKuma, requestOf(KUMA)).id);
    for (const broken of [body.replaceAll('data', 'dota'), body.slice(0, 30), '--', '--\r\n'])
      assert.deepEqual(rejections(uptimeKuma.toEvents(requestOf(broken))), ['not-uptime-kuma ']);
  });

  it('uptimerobot without a content type, as JSON or as a form', () => {
    const fields = { monitorID: '9007199254740993', alertType: '1' };
    assert.equal(uptimerobot.bodyOf(null, {}), 'bytes');
    const sent = { ...requestOf(JSON.stringify(fields).replace('"9007199254740993"', '9007199254740993')), body: null };
    assert.equal(onlyAlert(uptimerobot, sent).alertKey, 'test:monitor:9007199254740993');
    assert.equal(
      onlyAlert(uptimerobot, requestOf(new URLSearchParams(fields).toString())).alertKey,
      'test:monitor:9007199254740993',
    );
  });

  it('uptime-kuma without a heartbeat is a test, or a message', () => {
    const test = { heartbeat: null, monitor: null, msg: 'My webhook Testing' };
    assert.equal(uptimeKuma.toEvents(requestOf(test)).control?.kind, 'test');
    const message = { ...test, msg: '[Shop] certificate will expire in 3 days' };
    assert.equal(onlyEvent(uptimeKuma, requestOf(message)).type, 'tocsin.event.uptime-kuma.message');
  });

  it('healthchecks as its API shows a check', () => {
    const api = {
      name: 'Backup',
      n_pings: 4,
      grace: 60,
      status: 'down',
      ping_url: `https://hc-ping.com/${CHECK.code}`,
    };
    assert.ok(healthchecks.recognises(requestOf(api)));
    assert.equal(onlyAlert(healthchecks, requestOf(api)).alertKey, `test:check:${CHECK.code}`);
    assert.equal(onlyAlert(healthchecks, requestOf(CHECK)).labels['tags'], 'db prod');
  });
});

/** What the button "Test" sends, and what only looks like it. */
describe('uptime checkers: tests start nothing', () => {
  const TEST_TEXT = 'This is a test message triggered by a user in My Pingdom';
  const MADE_UP = { ...CHECK, name: 'TEST', tags: '' };
  for (const [source, body, isTest] of [
    [
      pingdom,
      { ...PINGDOM, description: 'test', long_description: TEST_TEXT, first_probe: {}, second_probe: {} },
      true,
    ],
    [pingdom, { ...PINGDOM, description: 'test' }, false],
    [healthchecks, MADE_UP, true],
    [healthchecks, { ...MADE_UP, status: 'up', tags: '$TAGS' }, true],
    [healthchecks, { ...MADE_UP, tags: 'prod' }, false],
    [healthchecks, { ...MADE_UP, name: 'Test' }, false],
    [uptimeKuma, { heartbeat: null, monitor: null, msg: 'Hook Testing' }, true],
    [uptimeKuma, inAddress({ msg: 'Hook Testing' }), true],
    [uptimeKuma, { ...KUMA, msg: 'Hook Testing' }, false],
  ] as const)
    it(`${source.kind}: ${isTest ? 'a test' : 'none'}`, () => {
      const { events, rejected, control } = source.toEvents(requestOf(body));
      assert.deepEqual([events.length, rejected.length, control?.kind], isTest ? [0, 0, 'test'] : [1, 0, undefined]);
    });
});

describe('uptime checkers: refusals', () => {
  for (const [source, body, expected] of [
    [pingdom, { ...PINGDOM, check_id: null }, 'missing-identity /check_id'],
    [pingdom, { ...PINGDOM, current_state: 1 }, 'missing-status /current_state'],
    [pingdom, { ...PINGDOM, state_changed_timestamp: 'now' }, 'time-not-rfc3339 /state_changed_timestamp'],
    [pingdom, [], 'not-pingdom '],
    [uptimerobot, { alertType: '1' }, 'missing-identity /monitorID'],
    [uptimerobot, { monitor_id: 1 }, 'missing-status /alertType'],
    [uptimerobot, { ...ROBOT, alertDateTime: 'now' }, 'time-not-rfc3339 /alertDateTime'],
    [uptimerobot, [], 'not-uptimerobot '],
    [uptimeKuma, { ...beat({ monitorID: null }), monitor: {} }, 'missing-identity /monitor/id'],
    [uptimeKuma, beat({ status: null }), 'missing-status /heartbeat/status'],
    [
      uptimeKuma,
      beat({ time: null, localDateTime: '2026-05-01 12:00:00' }),
      'time-not-rfc3339 /heartbeat/localDateTime',
    ],
    [uptimeKuma, { ...KUMA, heartbeat: 1 }, 'missing-heartbeat /heartbeat'],
    [uptimeKuma, { monitor: {} }, 'missing-heartbeat /heartbeat'],
    [uptimeKuma, 'msg=x&monitor={}&heartbeat={"status"', 'missing-heartbeat /heartbeat'],
    [
      uptimeKuma,
      beat({ time: null, localDateTime: '2026-05-01 12:00:00', timezoneOffset: 1e9 }),
      'time-not-rfc3339 /heartbeat/localDateTime',
    ],
    [uptimeKuma, beat({ lastDownTime: 'x' }), 'time-not-rfc3339 /heartbeat/lastDownTime'],
    [
      pingdom,
      { ...PINGDOM, state_changed_timestamp: null, state_changed_utc_time: 'x' },
      'time-not-rfc3339 /state_changed_utc_time',
    ],
    [uptimeKuma, [], 'not-uptime-kuma '],
    [healthchecks, { ...CHECK, code: '$CODE' }, 'missing-identity /code'],
    [healthchecks, { ...CHECK, status: '' }, 'missing-status /status'],
    [healthchecks, { ...CHECK, now: 'now' }, 'time-not-rfc3339 /now'],
    [healthchecks, [], 'not-healthchecks '],
  ] as const)
    it(`${source.kind}: ${expected}`, () => assert.deepEqual(rejections(source.toEvents(requestOf(body))), [expected]));

  for (const [source, body] of [
    [pingdom, PINGDOM],
    [uptimerobot, ROBOT],
    [uptimeKuma, KUMA],
    [healthchecks, CHECK],
  ] as const)
    it(`${source.kind} never throws`, () => assertTotal(source, [body]));
});

describe('uptime checkers: real payloads', needsFixtures, () => {
  for (const [source, file, occurred] of [
    [pingdom, 'pingdom__down__alerta-alerta.json', '2017-06-30T22:25:43Z'],
    [uptimeKuma, 'uptime-kuma__down-port-monitor__keephq-keep.json', '2022-08-26T01:02:24Z'],
    [uptimerobot, 'uptimerobot__down__zulip-zulip.json', null],
  ] as const)
    it(file, () => {
      const alert = onlyAlert(source, requestOf(fixture(file).raw));
      assert.deepEqual([alert.status, alert.time.occurred], ['firing', occurred]);
    });
});
