/** The HTTP side of the intake: who may send, what is answered, and its bounds. The events log is held in the test's hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createIntake } from '../../triggers/intake/intake.ts';
import { LogFull, LogRefused, LogUnavailable } from '../../triggers/nats/errors.ts';
import type { PubAck } from '../../triggers/nats/port.ts';
import { type Answer, TOKENS, intakeOptions, send, startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';

const GOOD = JSON.stringify(alertmanagerPayload('firing'));
const ack: PubAck = { stream: 'EVENTS_EU', sequence: 1, duplicate: false };
const storing = { publish: () => Promise.resolve(ack) };
const failing = (error: Error) => ({ publish: () => Promise.reject(error) });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Publications wait until they are let through. */
function held() {
  const waiting: (() => void)[] = [];
  const arrivals: (() => void)[] = [];
  let arrived = 0;
  return {
    publish: () =>
      new Promise<PubAck>((resolve) => {
        arrived += 1;
        waiting.push(() => resolve(ack));
        for (const tell of arrivals.splice(0)) tell();
      }),
    letThrough: () => waiting.splice(0).forEach((go) => go()),
    arrivals: async (count: number) => {
      while (arrived < count) await new Promise<void>((resolve) => arrivals.push(resolve));
    },
  };
}

const reason = ({ status, body }: Answer): string => `${status} ${body.error?.reason ?? ''}`;

describe('intake: who may send', () => {
  const auth = { kind: 'none' } as const;
  const senders = intakeOptions(storing).senders.slice(0, 1);
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'intake.example', '::ffff:127.0.0.1'])
    it(`without authentication it does not listen on ${host}`, () =>
      assert.throws(
        () => createIntake(intakeOptions(storing, { host, senders: senders.map((each) => ({ ...each, auth })) })),
        new RegExp(`sender am has auth "none" and the intake listens on ${host.replaceAll('.', '\\.')}`),
      ));
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost'])
    it(`on ${host} it may`, () => assert.ok(createIntake(intakeOptions(storing, { host }))));

  for (const tokens of [[], [''], ['short'], ['long-enough-for-a-token', 'short']])
    it(`tokens ${JSON.stringify(tokens)} are no protection`, () =>
      assert.throws(
        () =>
          createIntake(
            intakeOptions(storing, {
              senders: senders.map((each) => ({ ...each, auth: { kind: 'bearer', secrets: tokens } })),
            }),
          ),
        /sender am needs one or two secrets/,
      ));

  it('both tokens of a rotation are taken, nothing else is', async (t) => {
    const { post } = await startIntake(t, storing);
    const answers = [];
    const tries = [...TOKENS.map(bearer), {}, bearer(''), bearer(`${TOKENS[0]}x`), bearer(TOKENS[0].slice(0, -1))];
    for (const headers of [...tries, { authorization: `Basic ${TOKENS[0]}` }, { authorization: TOKENS[0] }])
      answers.push((await post('guarded', GOOD, headers)).status);
    assert.deepEqual(answers, [202, 202, 401, 401, 401, 401, 401, 401]);
  });

  it('attributes of a CloudEvent are stored whatever their name is', async (t) => {
    const stored: unknown[] = [];
    const publish = (_subject: string, data: Uint8Array) => {
      stored.push(JSON.parse(Buffer.from(data).toString('utf8')));
      return storing.publish();
    };
    const { post } = await startIntake(t, { publish });
    const required = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 'com.example.deployed' };
    await post('ce', '{}', { ...required, 'ce-authtype': 'user', 'ce-tokenid': '7' });
    const [{ authtype, tokenid } = {}] = stored as Record<string, unknown>[];
    assert.deepEqual([authtype, tokenid], ['user', '7']);
  });

  for (const [behindMs, by] of [
    [3_600_000, 'an hour'],
    [3 * 86_400_000, 'three days'],
  ] as const)
    it(`an alert of now is stored while the clock that is believed is ${by} behind another one`, async (t) => {
      const now = Date.parse('2026-06-04T12:00:00Z');
      const { post } = await startIntake(t, storing, { now: () => now - behindMs, latest: () => now });
      const of = (ms: number) =>
        JSON.stringify(alertmanagerPayload('firing', { startsAt: new Date(ms).toISOString(), instance: String(ms) }));
      assert.equal(reason(await post('am', of(now))), '202 ');
      const event = { specversion: '1.0', id: '1', source: '/a', type: 'com.example.deployed', data: {} };
      const told = { ...event, time: new Date(now).toISOString() };
      const headers = { 'content-type': 'application/cloudevents+json' };
      assert.equal(reason(await post('ce', JSON.stringify(told), headers)), '202 ');
      assert.equal(reason(await post('am', of(now + 86_400_001))), '400 time-in-the-future');
    });

  it('the body of someone unknown is not read into events', async (t) => {
    const { post } = await startIntake(t, failing(new Error('must not be called')));
    assert.equal(reason(await post('guarded', 'not even JSON')), '401 not-authenticated');
  });
});

describe('intake: what is answered', () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
    it(`${method} is the wrong method, and the right one is named`, async (t) => {
      const { url } = await startIntake(t, storing);
      const answer = await send(`${url}/in/am`, { method });
      assert.equal(reason(answer), '405 method-not-allowed');
      assert.equal(answer.headers.get('allow'), 'POST');
    });

  for (const [path, expected] of [
    ['/in/nobody', '404 unknown-sender'],
    ['/in/a%0d%0ab', '404 unknown-sender'],
    ['/in/am/more', '404 not-found'],
    [`/in/${'x'.repeat(500)}`, '414 bad-request'],
    ['/', '404 not-found'],
    ['/in/%zz', '400 bad-request'],
  ] as const)
    it(`${path.slice(0, 30)} is ${expected}`, async (t) => {
      const { url } = await startIntake(t, storing);
      assert.equal(reason(await send(`${url}${path}`, { body: GOOD })), expected);
    });

  for (const [contentType, expected] of [
    ['application/json', '202 '],
    ['APPLICATION/JSON; charset=UTF-8', '202 '],
    ['application/json;charset=utf-8', '202 '],
    ['text/plain', '415 content-type'],
    ['application/x-www-form-urlencoded', '415 content-type'],
    ['application/cloudevents+json', '415 content-type'],
  ] as const)
    it(`an Alertmanager that sends ${contentType} is answered ${expected}`, async (t) => {
      const { post } = await startIntake(t, storing);
      assert.equal(reason(await post('am', GOOD, { 'content-type': contentType })), expected);
    });

  it('a compressed body is refused unread', async (t) => {
    const { post } = await startIntake(t, storing);
    const answer = await post('am', gzipSync(GOOD), { 'content-encoding': 'gzip' });
    assert.equal(reason(answer), '415 content-encoding');
  });

  for (const [name, error] of [
    ['away', new LogUnavailable('away')],
    ['full', new LogFull('full')],
    ['refusing', new LogRefused('no such stream')],
    ['broken', new TypeError('a mistake of ours')],
  ] as const)
    it(`while the events log is ${name} the sender is asked to come again`, async (t) => {
      const { post } = await startIntake(t, failing(error));
      const answer = await post('am', GOOD);
      assert.equal(reason(answer), '503 cannot-store');
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    });

  it('one item that cannot be stored now makes the whole request come again', async (t) => {
    let calls = 0;
    const publish = () => ((calls += 1) === 2 ? Promise.reject(new LogUnavailable('away')) : Promise.resolve(ack));
    const { post } = await startIntake(t, { publish });
    const { alerts } = alertmanagerPayload('firing') as { alerts: unknown[] };
    const body = JSON.stringify({ alerts: [alerts[0], alerts[0], alerts[0]] });
    assert.equal((await post('am', body)).status, 503);
    assert.equal((await post('am', body)).status, 202);
  });
});

describe('intake: bounds', () => {
  const small = { maxBodyBytes: 1_024, bodyTimeoutMs: 10_000, maxConcurrent: 64 };

  it('a body that says it is too large is refused before its sender is looked at', async (t) => {
    const { post } = await startIntake(t, storing, { limits: small });
    assert.equal(reason(await post('guarded', 'x'.repeat(1_025))), '413 body-too-large');
  });

  it('a body that turns out too large is refused', async (t) => {
    const { url } = await startIntake(t, storing, { limits: small });
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(600))),
    });
    const answer = await send(`${url}/in/am`, { body: chunks, duplex: 'half' } as RequestInit);
    assert.equal(reason(answer), '413 body-too-large');
  });

  it('answers only when everything is stored, and asks those beyond the bound to come again', async (t) => {
    const log = held();
    const { post } = await startIntake(t, log, { limits: { ...small, maxConcurrent: 2 } });
    const order: string[] = [];
    const first = [post('am', GOOD), post('am', GOOD)].map((answer) => answer.finally(() => order.push('answered')));
    await log.arrivals(2);
    const third = await post('am', GOOD);
    assert.equal(reason(third), '503 too-many-requests');
    assert.ok(third.headers.get('retry-after'));
    order.push('let through');
    log.letThrough();
    assert.deepEqual(
      (await Promise.all(first)).map(({ status }) => status),
      [202, 202],
    );
    assert.deepEqual(order, ['let through', 'answered', 'answered']);
    const fourth = post('am', GOOD);
    await log.arrivals(3);
    log.letThrough();
    assert.equal((await fourth).status, 202);
  });

  it('a body that does not come to its end is given up, and its place is free again', async (t) => {
    const { url, post } = await startIntake(t, storing, {
      limits: { ...small, bodyTimeoutMs: 100, maxConcurrent: 1 },
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      'POST /in/am HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"al',
    );
    const answer = await text(socket);
    assert.match(answer, /^HTTP\/1\.1 408 [^]*"reason":"request-too-slow"/);
    assert.equal((await post('am', GOOD)).status, 202);
  });

  for (const [why, bytes, expected] of [
    ['what is not HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 [^]*"reason":"not-http"/],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 [^]*"headers-too-large"/,
    ],
  ] as const)
    it(`${why} is answered like every other refusal`, async (t) => {
      const { url, post } = await startIntake(t, storing);
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write(bytes);
      assert.match(await text(socket), expected);
      assert.equal((await post('am', GOOD)).status, 202);
    });

  it('a sender that goes away in the middle leaves nothing behind', async (t) => {
    const { url, post } = await startIntake(t, storing, { limits: { ...small, maxConcurrent: 1 } });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end('POST /in/am HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"al');
    socket.resume();
    await once(socket, 'close');
    assert.equal((await post('am', GOOD)).status, 202);
  });

  it('closing waits for the request in progress and takes no other', async (t) => {
    const log = held();
    const { post, close, url } = await startIntake(t, log);
    const answer = post('am', GOOD);
    await log.arrivals(1);
    const closed = close();
    log.letThrough();
    assert.equal((await answer).status, 202);
    await closed;
    await assert.rejects(fetch(url));
  });
});
