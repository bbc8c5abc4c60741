/** Signed bodies without a time in the signature, sent again after the stream's own duplicate window: nothing is stored, so nothing starts. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Auth } from '../../triggers/intake/auth.ts';
import { createSeen } from '../../triggers/intake/seen.ts';
import { LogUnavailable } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream, seenStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { sources } from '../../triggers/sources/index.ts';
import { startIntake } from '../support/intake.ts';
import { REGION } from '../support/read-request.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const SECRET = 'a-secret-of-both-sides';
const hex = (body: string): string => createHmac('sha256', SECRET).update(body).digest('hex');
const NOW = new Date();
const iso = (secondsAgo: number): string => new Date(NOW.getTime() - secondsAgo * 1_000).toISOString();

interface Case {
  readonly kind: 'github' | 'pagerduty' | 'sentry' | 'grafana';
  readonly body: string;
  readonly headers: (body: string, copy: boolean) => Record<string, string>;
}

/** A copy comes under other names of delivery, which nothing signs. */
const CASES: readonly Case[] = [
  {
    kind: 'github',
    body: JSON.stringify({
      action: 'created',
      deployment: { id: 1 },
      repository: { full_name: 'o/r' },
      sender: { login: 'x' },
    }),
    headers: (body, copy) => ({
      'x-hub-signature-256': `sha256=${hex(body)}`,
      'x-github-event': 'deployment',
      'x-github-delivery': copy ? 'b' : 'a',
    }),
  },
  {
    kind: 'pagerduty',
    body: JSON.stringify({
      event: {
        id: 'E1',
        event_type: 'incident.triggered',
        resource_type: 'incident',
        occurred_at: iso(60),
        data: { id: 'P1', type: 'incident', status: 'triggered', title: 'disk', created_at: iso(60) },
      },
    }),
    headers: (body) => ({ 'x-pagerduty-signature': `v1=${hex(body)}` }),
  },
  {
    kind: 'sentry',
    body: JSON.stringify({
      action: 'critical',
      installation: { uuid: 'u' },
      data: {
        metric_alert: { id: '7', date_created: iso(60), alert_rule: { name: 'errors' } },
        description_title: 'errors',
        web_url: 'https://x.example',
      },
      actor: { type: 'application' },
    }),
    headers: (body, copy) => ({
      'sentry-hook-signature': hex(body),
      'sentry-hook-resource': 'metric_alert',
      'sentry-hook-timestamp': copy ? '2' : '1',
      'request-id': copy ? 'b' : 'a',
    }),
  },
  {
    kind: 'grafana',
    body: JSON.stringify({
      version: '1',
      orgId: 1,
      state: 'alerting',
      status: 'firing',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'Disk' },
          annotations: {},
          startsAt: iso(60),
          endsAt: '0001-01-01T00:00:00Z',
          fingerprint: 'abc',
        },
      ],
    }),
    headers: (body) => ({ 'x-grafana-alerting-signature': hex(body) }),
  },
];

describe('a signed body that is sent again', () => {
  let servers: TestServers;
  let log: EventLog;
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'test' });
    await log.ensureTopology(regionTopology(REGION, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }), true);
  });
  after(async () => {
    await log.close();
    await servers.stopAll();
  });

  const stored = async (): Promise<number> => (await log.streamState(eventStream(REGION))).messages;
  const sender = (kind: Case['kind'], name: string = kind) => {
    const source = sources.get(kind);
    assert.ok(source);
    const auth: Auth = { kind: 'signature', scheme: kind, secrets: [SECRET] };
    return { name, source, auth };
  };
  /** Until the stream itself takes an equal message again. */
  const windowIsOver = async (): Promise<void> => {
    const subject = `events.${REGION}.normal.test.window`;
    const publish = () => log.publish(subject, Buffer.from('{}'), { msgId: 'window' });
    await publish();
    await until('the duplicate window is over', async () => !(await publish()).duplicate);
  };

  for (const { kind, body, headers } of CASES)
    it(`${kind}: a copy is answered 202 and stores nothing, whatever its headers say`, async (t) => {
      const seen = createSeen(log, REGION);
      const first = await startIntake(t, log, { senders: [sender(kind)], seen });
      const before = await stored();
      const answer = await first.post(kind, body, headers(body, false));
      assert.equal(answer.status, 202);
      assert.equal(answer.body.accepted, 1);
      assert.equal(await stored(), before + 1);
      await windowIsOver();
      const quiet = await stored();
      // Another process: what was taken is known to the region, not to a process.
      const second = await startIntake(t, log, { senders: [sender(kind)], seen: createSeen(log, REGION) });
      for (const copy of [false, true]) {
        const again = await second.post(kind, body, headers(body, copy));
        assert.deepEqual([again.status, again.body.accepted], [202, 0]);
      }
      assert.equal(await stored(), quiet);
    });

  it('another sender with the same body is another matter', async (t) => {
    const [github] = CASES;
    assert.ok(github);
    const { kind, headers } = github;
    const body = github.body.replace('"id":1', '"id":2');
    const senders = [sender(kind, 'one'), sender(kind, 'two')];
    const { post } = await startIntake(t, log, { senders, seen: createSeen(log, REGION) });
    for (const name of ['one', 'two']) assert.equal((await post(name, body, headers(body, false))).body.accepted, 1);
  });

  it('what was not stored is not remembered: its sender comes again and is taken', async (t) => {
    const [, pagerduty] = CASES;
    assert.ok(pagerduty);
    const body = pagerduty.body.replace('"E1"', '"E2"').replace('"P1"', '"P2"');
    const seen = createSeen(log, REGION);
    const away = { publish: () => Promise.reject(new LogUnavailable('away')) };
    const broken = await startIntake(t, away, { senders: [sender('pagerduty')], seen });
    assert.equal((await broken.post('pagerduty', body, pagerduty.headers(body, false))).status, 503);
    const { post } = await startIntake(t, log, { senders: [sender('pagerduty')], seen });
    assert.equal((await post('pagerduty', body, pagerduty.headers(body, false))).body.accepted, 1);
  });

  it('while it cannot be told whether it is a copy, its sender comes again', async (t) => {
    const unknown = { has: () => Promise.reject(new LogUnavailable('away')), add: () => Promise.resolve() };
    const [github] = CASES;
    assert.ok(github);
    const { post } = await startIntake(t, log, { senders: [sender('github')], seen: unknown });
    assert.equal((await post('github', github.body, github.headers(github.body, true))).status, 503);
  });

  it('one record per request, and none of a sender that signs the time', async (t) => {
    const before = (await log.streamState(seenStream(REGION))).messages;
    const grafana = CASES[3];
    assert.ok(grafana);
    const seconds = String(Math.floor(Date.now() / 1_000));
    const { post } = await startIntake(t, log, { senders: [sender('grafana')], seen: createSeen(log, REGION) });
    const body = grafana.body.replace('"abc"', '"def"');
    const timed = {
      'x-grafana-alerting-timestamp': seconds,
      'x-grafana-alerting-signature': hex(`${seconds}:${body}`),
    };
    assert.equal((await post('grafana', body, timed)).body.accepted, 1);
    assert.equal((await log.streamState(seenStream(REGION))).messages, before);
  });
});
