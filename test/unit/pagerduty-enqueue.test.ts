/** The Events API v2 of PagerDuty spoken by the intake: what its clients send, and the answers they know how to read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../triggers/events/alert.ts';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import { LogUnavailable } from '../../triggers/nats/errors.ts';
import { readRaw } from '../../triggers/intake/raw-store.ts';
import { sources } from '../../triggers/sources/index.ts';
import { startIntake } from '../support/intake.ts';

const KEYS = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'] as const;
const payload = { summary: 'disk is full', source: 'db-1', severity: 'critical' };
const trigger = { routing_key: KEYS[0], event_action: 'trigger', dedup_key: 'disk/db-1', payload };
const json = { 'content-type': 'application/json' };
const pagerduty = sources.get('pagerduty');
const alertmanager = sources.get('alertmanager');
assert.ok(pagerduty && alertmanager);
const senders = [
  { name: 'pd', source: pagerduty, auth: { kind: 'routing-key', secrets: KEYS } },
  { name: 'am', source: alertmanager, auth: { kind: 'none' } },
] as const;

function recording() {
  const alerts: Alert[] = [];
  const publish = (_subject: string, data: Uint8Array) => {
    alerts.push((JSON.parse(Buffer.from(data).toString()) as CloudEvent).data as Alert);
    return Promise.resolve({ stream: 'EVENTS_EU', sequence: alerts.length, duplicate: false });
  };
  return { publish, alerts };
}

const enqueue = async (url: string, body: unknown, headers: Record<string, string> = json, sender = 'pd') => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${url}/in/${sender}/v2/enqueue`, { method: 'POST', headers, body: text });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Record<string, unknown>,
  };
};

describe('PagerDuty Events API v2, inbound', () => {
  it('an event is answered as PagerDuty does, and a resolve closes what its trigger opened', async (t) => {
    const { publish, alerts } = recording();
    const { url } = await startIntake(t, { publish }, { senders });
    for (const event_action of ['trigger', 'acknowledge', 'resolve'])
      assert.deepEqual(await enqueue(url, { ...trigger, event_action }), {
        status: 202,
        retryAfter: null,
        body: { status: 'success', message: 'Event processed', dedup_key: 'disk/db-1' },
      });
    assert.deepEqual(
      alerts.map(({ status }) => status),
      ['firing', 'acknowledged', 'resolved'],
    );
    assert.equal(new Set(alerts.map(({ alertKey }) => alertKey)).size, 1);
    assert.ok(!JSON.stringify(alerts).includes(KEYS[0]));
  });

  it('the bytes are kept without the key, however it is written', async (t) => {
    const { publish, alerts } = recording();
    const { url } = await startIntake(t, { publish }, { senders });
    await enqueue(url, trigger);
    const kept = async (alert: Alert | undefined) =>
      readRaw({ last: () => Promise.resolve(null) }, alert?.raw.ref ?? '');
    const covered = { ...trigger, routing_key: '*'.repeat(KEYS[0].length) };
    assert.equal(Buffer.from((await kept(alerts[0]))?.bytes ?? []).toString(), JSON.stringify(covered));
    const escaped = JSON.stringify(trigger).replace(KEYS[0], `0\\u0031${KEYS[0].slice(2)}`);
    assert.equal((await enqueue(url, escaped)).status, 202);
    assert.equal((await kept(alerts[1]))?.bytes.length, 0);
  });

  it('a key of asterisks, where it is not what proves the sender, is covered like any other', async (t) => {
    const { publish, alerts } = recording();
    const open = { name: 'open', source: pagerduty, auth: { kind: 'none' } } as const;
    const { url } = await startIntake(t, { publish }, { senders: [open] });
    assert.equal((await enqueue(url, { ...trigger, routing_key: '**' }, json, 'open')).status, 202);
    assert.equal(alerts.length, 1);
  });

  it('a trigger without a key is given one, and resolves by it', async (t) => {
    const { publish, alerts } = recording();
    const { url } = await startIntake(t, { publish }, { senders });
    const { dedup_key: _none, ...keyless } = trigger;
    const { body } = await enqueue(url, keyless);
    assert.match(String(body['dedup_key']), /^bytes-[0-9a-f]{32}$/);
    await enqueue(url, { routing_key: KEYS[0], event_action: 'resolve', dedup_key: body['dedup_key'] });
    assert.deepEqual(
      alerts.map(({ status }) => status),
      ['firing', 'resolved'],
    );
    assert.equal(alerts[0]?.alertKey, alerts[1]?.alertKey);
  });

  it('both keys of a rotation are taken, in the body or in the header', async (t) => {
    const { url } = await startIntake(t, recording(), { senders });
    const { routing_key: _none, ...keyless } = trigger;
    for (const key of KEYS) {
      assert.equal((await enqueue(url, { ...trigger, routing_key: key })).status, 202);
      assert.equal((await enqueue(url, keyless, { ...json, 'x-routing-key': key })).status, 202);
    }
  });

  const { routing_key: _key, ...noKey } = trigger;
  for (const [why, body, error] of [
    ['an unknown key', { ...trigger, routing_key: 'x'.repeat(32) }, /routing_key is missing or unknown/],
    ['half a key', { ...trigger, routing_key: KEYS[0].slice(0, 16) }, /routing_key is missing or unknown/],
    ['no key', noKey, /routing_key is missing or unknown/],
    ['a key that is no text', { ...trigger, routing_key: [KEYS[0]] }, /routing_key is missing or unknown/],
    ['what is no JSON', '{', /routing_key is missing or unknown/],
    ['the same key twice', `{"routing_key":"${KEYS[0]}","routing_key":"x"}`, /routing_key is missing or unknown/],
    ['a resolve without dedup_key', { routing_key: KEYS[0], event_action: 'resolve' }, /^\/dedup_key: /],
    ['a trigger without payload', { routing_key: KEYS[0], event_action: 'trigger' }, /^\/payload: /],
    ['an action that is no text', { ...trigger, event_action: 7 }, /^\/event_action: /],
  ] as const)
    it(`${why} is an invalid event`, async (t) => {
      const { alerts, publish } = recording();
      const { url } = await startIntake(t, { publish }, { senders });
      const answer = await enqueue(url, body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body['status'], 'invalid event');
      assert.equal(answer.body['message'], 'Event object is invalid');
      assert.match((answer.body['errors'] as string[])[0] ?? '', error);
      assert.deepEqual(alerts, []);
    });

  it('too much is 429, and a log that is away is 503: a client sends both again', async (t) => {
    let letGo = (): void => undefined;
    let tell = (): void => undefined;
    const begun = new Promise<void>((resolve) => (tell = resolve));
    const slow = {
      publish: () =>
        new Promise<never>((_resolve, reject) => {
          letGo = () => reject(new LogUnavailable('away'));
          tell();
        }),
    };
    const limits = { maxBodyBytes: 1_000_000, bodyTimeoutMs: 10_000, maxConcurrent: 1 };
    const { url } = await startIntake(t, slow, { senders, limits });
    const first = enqueue(url, trigger);
    await begun;
    const second = await enqueue(url, trigger);
    assert.equal(second.status, 429);
    assert.equal(second.body['status'], 'throttle exceeded');
    assert.ok(second.retryAfter);
    letGo();
    assert.equal((await first).status, 503);
  });

  it('only a sender of this kind has that address', async (t) => {
    const { url } = await startIntake(t, recording(), { senders });
    for (const sender of ['am', 'nobody']) assert.equal((await enqueue(url, trigger, json, sender)).status, 404);
  });
});

describe('PagerDuty Events API v1, inbound', () => {
  const first = { service_key: KEYS[0], event_type: 'trigger', incident_key: 'disk/db-1', description: 'disk is full' };
  const create = async (url: string, body: object) => {
    const address = `${url}/in/pd/generic/2010-04-15/create_event.json`;
    const response = await fetch(address, { method: 'POST', headers: json, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('is answered in its own words, and its key is covered', async (t) => {
    const { publish, alerts } = recording();
    const { url } = await startIntake(t, { publish }, { senders });
    for (const event_type of ['trigger', 'acknowledge', 'resolve'])
      assert.deepEqual(await create(url, { ...first, event_type }), {
        status: 200,
        body: { status: 'success', message: 'Event processed', incident_key: 'disk/db-1' },
      });
    assert.deepEqual(
      alerts.map(({ status }) => status),
      ['firing', 'acknowledged', 'resolved'],
    );
    const kept = await readRaw({ last: () => Promise.resolve(null) }, alerts[0]?.raw.ref ?? '');
    const covered = { ...first, service_key: '*'.repeat(KEYS[0].length) };
    assert.equal(Buffer.from(kept?.bytes ?? []).toString(), JSON.stringify(covered));
  });

  it('a service moves from v1 to v2 with its alerts', async (t) => {
    const { publish, alerts } = recording();
    const { url } = await startIntake(t, { publish }, { senders });
    await create(url, first);
    await enqueue(url, { ...trigger, event_action: 'resolve' });
    assert.equal(alerts[0]?.alertKey, alerts[1]?.alertKey);
  });

  for (const [why, body, error] of [
    ['an unknown key', { ...first, service_key: 'x' }, 'service_key is missing or unknown'],
    ['a resolve of nothing', { ...first, event_type: 'resolve', incident_key: '' }, /^\/incident_key: /],
    ['a trigger that says nothing', { ...first, description: undefined }, /^\/description: /],
  ] as const)
    it(`${why} is an invalid event`, async (t) => {
      const { url } = await startIntake(t, recording(), { senders });
      const answer = await create(url, body);
      assert.equal(answer.status, 400);
      const [said = ''] = answer.body['errors'] as string[];
      if (typeof error === 'string') assert.equal(said, error);
      else assert.match(said, error);
    });
});
