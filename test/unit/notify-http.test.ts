import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { pino } from 'pino';
import { verify } from '../../triggers/intake/signatures/standard-webhooks.ts';
import { type Channel, type Notice, Refused } from '../../workers/notify/channel.ts';
import type { Clock } from '../../workers/notify/clock.ts';
import { type NotifierOptions, createNotifier } from '../../workers/notify/notifier.ts';
import { createPagerDutyChannel } from '../../workers/notify/pagerduty.ts';
import { createSlackChannel } from '../../workers/notify/slack.ts';
import { createWebhookChannel } from '../../workers/notify/webhook.ts';
import { manualClock } from '../support/manual-clock.ts';
import { evil, message, notice } from '../support/notices.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const SECRET = 'whsec_bm90IGEgcmVhbCBzZWNyZXQgYXQgYWxs';
const never = new AbortController().signal;

async function receiverOf(test: TestContext): Promise<Receiver> {
  const receiver = await startReceiver();
  test.after(() => receiver.close());
  return receiver;
}

function notifierOf(channels: readonly Channel[], clock: Clock, limits: Partial<NotifierOptions['limits']> = {}) {
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const all = { perMinute: 60, dedupMs: 600_000, queue: 100, ...limits };
  return { lines, notifier: createNotifier({ channels, logger, clock, limits: all }) };
}

/** Until an attempt has failed and the pause before the next one goes on. */
const backsOff = (clock: ReturnType<typeof manualClock>, mostMs = 2_000): Promise<true> =>
  until('it waits to try again', () => clock.pauses().some((pause) => pause <= mostMs));

const bodies = (receiver: Receiver): Record<string, unknown>[] =>
  receiver.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

describe('notifier over HTTP', () => {
  it('a webhook that fails gets the message again, once it is well, under the same signed id', async (t) => {
    const receiver = await receiverOf(t);
    const clock = manualClock();
    receiver.answer = (response) => response.writeHead(503).end('sick');
    const { notifier, lines } = notifierOf([createWebhookChannel({ url: receiver.url, secret: SECRET })], clock);
    notifier.notify(notice('a'));
    await backsOff(clock);
    receiver.answer = (response) => response.end();
    await clock.advance(2_000);
    await until('the second attempt', () => receiver.requests.length === 2);
    await notifier.close(10_000);
    const [first, second] = receiver.requests;
    assert.equal(first?.headers['webhook-id'], second?.headers['webhook-id']);
    const headers = second?.headers as Record<string, string>;
    assert.ok(verify(Buffer.from(second?.body ?? ''), headers, [SECRET], new Date()));
    const { key, title, severity, link, at, repeats } = bodies(receiver)[1] ?? {};
    assert.deepEqual({ key, title, severity, link, at, repeats }, { ...pick(notice('a')), repeats: 0 });
    assert.match(lines.join(''), /answered 503: sick.*will be tried again/);
    assert.doesNotMatch(lines.join(''), /secret-path/, 'an address is a secret');
  });

  it('429 with Retry-After is waited for, not less', async (t) => {
    const receiver = await receiverOf(t);
    const clock = manualClock();
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '100' }).end();
    const { notifier } = notifierOf([createSlackChannel({ url: receiver.url })], clock, { dedupMs: 0 });
    notifier.notify(notice('a'));
    await until('it waits as asked', () => clock.pauses().includes(100_000));
    receiver.answer = (response) => response.end('ok');
    await clock.advance(99_999);
    assert.equal(receiver.requests.length, 1);
    await clock.advance(1);
    await until('the second attempt', () => receiver.requests.length === 2);
    await notifier.close(10_000);
  });

  it('what the receiver will never take is sent once: another status, a redirect', async (t) => {
    const receiver = await receiverOf(t);
    const channel = createSlackChannel({ url: receiver.url });
    for (const status of [400, 401, 404, 410, 302]) {
      receiver.answer = (response) => response.writeHead(status, { location: '/elsewhere' }).end('no_service');
      await assert.rejects(channel.send(message(), never), (error) => {
        assert.ok(error instanceof Refused);
        assert.match(error.message, new RegExp(`^127.0.0.1:\\d+ answered ${status}: no_service$`));
        return true;
      });
    }
    assert.equal(receiver.requests.length, 5);
    assert.ok(receiver.requests.every(({ path }) => path === '/secret-path'));
  });

  it('a channel that hangs holds up neither notify nor its neighbour, and closing ends at its bound', async (t) => {
    const [hanging, well] = [await receiverOf(t), await receiverOf(t)];
    hanging.answer = () => undefined;
    const clock = manualClock();
    const channels = [hanging, well].map(({ url }) => createWebhookChannel({ url, secret: null }));
    const { notifier, lines } = notifierOf(channels, clock);
    for (let count = 0; count < 50; count += 1) notifier.notify(notice(`n${count}`));
    assert.equal(hanging.requests.length + well.requests.length, 0, 'notify only hands over');
    await until('the neighbour has all', () => well.requests.length === 50);
    await until('the other one has the first', () => hanging.requests.length === 1);
    const closed = notifier.close(5_000);
    await clock.advance(5_000);
    await closed;
    assert.equal(hanging.requests.length, 1);
    assert.match(lines.join(''), /left behind at the end/);
  });

  it('a body without end does not hold up the channel', async (t) => {
    const receiver = await receiverOf(t);
    receiver.answer = (response) => void response.writeHead(500).write('x'.repeat(100_000));
    await assert.rejects(createSlackChannel({ url: receiver.url }).send(message(), never), /answered 500: x{199}…$/);
    receiver.answer = (response) => void response.writeHead(200).write('x');
    await createSlackChannel({ url: receiver.url }).send(message(), never);
  });

  it('a receiver that is not there is named by host, never by address', async () => {
    const receiver = await startReceiver();
    await receiver.close();
    await assert.rejects(createSlackChannel({ url: receiver.url }).send(message(), never), (error) => {
      assert.match(String(error), /127.0.0.1:\d+ cannot be reached: ECONNREFUSED$/);
      return true;
    });
  });

  it('a message of all that may wait is no larger than a receiver takes, and says how many it leaves out', async (t) => {
    const receiver = await receiverOf(t);
    const full = { text: 'x'.repeat(2_500), link: `https://wiki.example/${'x'.repeat(1_900)}`, repeats: 0 };
    const more = Array.from({ length: 499 }, (_, index) => ({ ...notice(`n${index}`), ...full }));
    await createWebhookChannel({ url: receiver.url, secret: null }).send({ ...message(), more }, never);
    const [body = {}] = bodies(receiver);
    assert.deepEqual([(body['more'] as unknown[]).length, body['unlisted']], [50, 449]);
    assert.ok((receiver.requests[0]?.body.length ?? 0) < 1_048_576 / 2);
    assert.match(String(body['title']), /\(and 499 more\)$/);
  });

  it('a storm is deduplicated and told within the rate', async (t) => {
    const receiver = await receiverOf(t);
    const clock = manualClock();
    const { notifier } = notifierOf([createWebhookChannel({ url: receiver.url, secret: null })], clock, {
      perMinute: 3,
    });
    for (let count = 0; count < 1_000; count += 1) notifier.notify(notice(`n${count % 20}`));
    await until('the rate is used up', () => receiver.requests.length === 3);
    await until('it waits for the rate', () => clock.pauses().includes(60_000));
    await clock.advance(60_000);
    await until('the rest in one', () => receiver.requests.length === 4);
    assert.match(String(bodies(receiver)[3]?.['title']), /\(and 16 more\)$/);
    await notifier.close(10_000);
    const [last] = bodies(receiver).slice(4);
    assert.equal(receiver.requests.length, 5);
    assert.equal(last?.['repeats'], 49);
    assert.equal((last['more'] as unknown[]).length, 19);
  });

  it('PagerDuty gets a trigger event under the key of the notice', async (t) => {
    const receiver = await receiverOf(t);
    receiver.answer = (response) => response.writeHead(202).end('{"status":"success"}');
    const channel = createPagerDutyChannel({ url: receiver.url, routingKey: 'R0UT1NG', source: 'host/1' });
    await channel.send(message(), never);
    assert.deepEqual(bodies(receiver)[0], {
      routing_key: 'R0UT1NG',
      event_action: 'trigger',
      dedup_key: 'a',
      payload: {
        summary: 'eu: run a failed',
        source: 'host/1',
        severity: 'critical',
        timestamp: '2026-06-01T12:00:00.000Z',
        component: 'tocsin',
        custom_details: { text: 'reason: still sick' },
      },
      links: [{ href: 'http://ui.test/runs/1', text: 'Open' }],
    });
  });

  it('foreign text stays data: in Slack it mentions nobody and links nowhere', async (t) => {
    const receiver = await receiverOf(t);
    await createSlackChannel({ url: receiver.url }).send(evil, never);
    const payload = bodies(receiver)[0] as { text: string; blocks: { text: { type: string; text: string } }[] };
    const interpreted = [
      payload.text,
      ...payload.blocks.filter(({ text }) => text.type === 'mrkdwn').map(({ text }) => text.text),
    ];
    assert.equal(interpreted.length, 2);
    assert.match(interpreted[0] ?? '', /^critical: [^<>]*&lt;!channel&gt;[^<>]*$/);
    assert.match(interpreted[1] ?? '', /^<https:\/\/ui\.test\/[^<>|]*\|Open>$/);
    assert.deepEqual(Object.keys(payload), ['text', 'blocks', 'unfurl_links']);
  });

  it('foreign text stays data: bounded, on one line, without controls, in webhook and PagerDuty', async (t) => {
    const receiver = await receiverOf(t);
    const long = message({ key: 'k'.repeat(9_000), title: '🔔'.repeat(9_000), text: 'ü'.repeat(90_000) });
    for (const each of [evil, long]) {
      await createWebhookChannel({ url: receiver.url, secret: null }).send(each, never);
      await createPagerDutyChannel({ url: receiver.url, routingKey: 'r', source: 's' }).send(each, never);
    }
    const [webhook, page, , longPage] = bodies(receiver);
    assert.match(String(webhook?.['title']), /^[^\p{Cc}\u202e]+$/u);
    assert.match(String(webhook?.['text']), /^(?:[^\p{Cc}\u202e]|\n)+$/u);
    assert.deepEqual(Object.keys(page ?? {}), ['routing_key', 'event_action', 'dedup_key', 'payload', 'links']);
    assert.ok(String(page?.['dedup_key']).length <= 200);
    assert.notEqual(page?.['dedup_key'], longPage?.['dedup_key']);
    assert.ok((receiver.requests[3]?.body.length ?? 0) < 8_000);
  });
});

const pick = ({ key, title, severity, link, at }: Notice) => ({
  key,
  title,
  severity,
  link,
  at: new Date(at).toISOString(),
});
