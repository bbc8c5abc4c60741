import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { LogRefused } from '../../triggers/nats/errors.ts';
import { NATS_ROLES, type NatsUserRole } from '../../triggers/nats/permissions.ts';
import { natsServerConfig, passwordVariable } from '../../triggers/nats/server-config.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { createControlWatch } from '../../triggers/path/control-watch.ts';
import { ControlUnreadable, createControlStore } from '../../triggers/path/control.ts';
import type { Stop } from '../../triggers/path/stop.ts';
import { createDeadLetters } from '../../triggers/path/dead-letters.ts';
import { createSenderActivity } from '../../triggers/intake/sender-activity.ts';
import { putBack } from '../../triggers/path/put-back.ts';
import { inboxOf } from '../../workers/nats-access.ts';
import { openWire } from '../support/nats-wire.ts';
import { type SecuredNats, startSecuredNats } from '../support/secured-nats.ts';
import { until } from '../support/until.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const STREAMS = [
  'EVENTS_EU',
  'LEDGER_EU',
  'DLQ_EU',
  'KV_EPISODES_EU',
  'ACTS_EU',
  'RAW_EU',
  'SEEN_EU',
  'RAW_US',
  'EVENTS_US',
  'KV_EPISODES_US',
];
const LANES = ['trigger-urgent', 'trigger-normal'];
const CONSUMERS = [...LANES, 'notices'];
/** Which consumer is on which stream. */
const PULLED = [
  ...LANES.map((lane) => ['EVENTS_EU', lane] as const),
  ['LEDGER_EU', 'notices'] as const,
  ['DLQ_EU', 'notices'] as const,
];
const perStream = (stream: string): string[] => [
  ...[
    'INFO',
    'CREATE',
    'UPDATE',
    'DELETE',
    'PURGE',
    'MSG.GET',
    'MSG.DELETE',
    'SNAPSHOT',
    'RESTORE',
    'PEER.REMOVE',
    'LEADER.STEPDOWN',
  ].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
  ...['NAMES', 'LIST', 'CREATE', 'DURABLE.CREATE'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}`),
  `$JS.API.CONSUMER.CREATE.${stream}.own`,
  `$JS.API.CONSUMER.CREATE.${stream}.own.events.eu.>`.replace('>', 'x'),
  `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.own`,
  `$JS.API.DIRECT.GET.${stream}`,
  ...CONSUMERS.flatMap((lane) => [
    ...['INFO', 'CREATE', 'DURABLE.CREATE', 'DELETE', 'MSG.NEXT', 'PAUSE', 'RESET', 'UNPIN', 'LEADER.STEPDOWN'].map(
      (verb) => `$JS.API.CONSUMER.${verb}.${stream}.${lane}`,
    ),
    `$JS.API.CONSUMER.CREATE.${stream}.${lane}.events.eu.x`,
    `$JS.ACK.${stream}.${lane}.1.1.1.1.0`,
    `$JS.ACK.hub.acc.${stream}.${lane}.1.1.1.1.0.x`,
  ]),
];
const PUBLISH = [
  ...STREAMS.flatMap(perStream),
  '$JS.API.INFO',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.LIST',
  '$JS.API.ACCOUNT.PURGE.TOCSIN',
  '$JS.API.META.LEADER.STEPDOWN',
  'events.eu.normal.a.b',
  'events.eu.normal.schedule.b',
  'events.us.normal.a.b',
  'ledger.eu.event.a.1',
  'ledger.us.event.a.1',
  'dlq.eu.1.x',
  'dlq.us.1.x',
  'raw.eu.a.0',
  'raw.us.a.0',
  'seen.eu.a.b',
  'seen.us.a.b',
  '$KV.EPISODES_EU.key',
  '$KV.EPISODES_US.key',
  '$KV.EPISODES_EU.control.triggers',
  '$KV.EPISODES_EU.sender.am',
  'acts.eu',
  'acts.us',
  '_INBOX.x',
  '_INBOX_tocsin_command.x',
  '_INBOX_tocsin_trigger.x',
  '$SYS.REQ.SERVER.PING',
  '$SYS.REQ.ACCOUNT.TOCSIN.INFO',
  'other',
];
const SUBSCRIBE = [
  '>',
  'events.>',
  'events.eu.>',
  'ledger.>',
  'dlq.>',
  '$KV.>',
  'acts.>',
  '$JS.>',
  '$JS.API.>',
  '$SYS.>',
  '_INBOX.>',
  '_INBOX_tocsin_*.>',
].concat(['ingest', 'trigger', 'worker', 'command'].map((name) => `_INBOX_tocsin_${name}.>`));
const EU = ['EVENTS_EU', 'LEDGER_EU', 'DLQ_EU', 'KV_EPISODES_EU', 'ACTS_EU', 'RAW_EU', 'SEEN_EU'];
const OBSERVE = [
  ...EU.flatMap((stream) => [`$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.MSG.GET.${stream}`]),
  ...PULLED.map(([stream, consumer]) => `$JS.API.CONSUMER.INFO.${stream}.${consumer}`),
];
/** What each role needs, written down a second time and by hand: everything else has to be denied. */
const EXPECTED: Readonly<Record<NatsUserRole, readonly string[]>> = {
  ingest: [
    'events.eu.normal.a.b',
    'events.eu.normal.schedule.b',
    'raw.eu.a.0',
    'seen.eu.a.b',
    'dlq.eu.1.x',
    '$JS.API.STREAM.INFO.EVENTS_EU',
    '$JS.API.STREAM.MSG.GET.SEEN_EU',
    '$JS.API.STREAM.MSG.GET.KV_EPISODES_EU',
    '$KV.EPISODES_EU.sender.am',
  ],
  trigger: [
    'events.eu.normal.a.b',
    'events.eu.normal.schedule.b',
    ...EU.map((stream) => `$JS.API.STREAM.INFO.${stream}`),
    ...['EVENTS_EU', 'LEDGER_EU', 'DLQ_EU', 'KV_EPISODES_EU', 'ACTS_EU'].map(
      (stream) => `$JS.API.STREAM.MSG.GET.${stream}`,
    ),
    ...PULLED.flatMap(([stream, consumer]) => [
      `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      `$JS.ACK.${stream}.${consumer}.1.1.1.1.0`,
      `$JS.ACK.hub.acc.${stream}.${consumer}.1.1.1.1.0.x`,
    ]),
    'ledger.eu.event.a.1',
    'dlq.eu.1.x',
    '$KV.EPISODES_EU.key',
    '$KV.EPISODES_EU.control.triggers',
    '$KV.EPISODES_EU.sender.am',
  ],
  worker: [
    '$JS.API.STREAM.MSG.GET.KV_EPISODES_EU',
    'events.eu.normal.schedule.b',
    '$JS.API.STREAM.MSG.GET.ACTS_EU',
    'acts.eu',
  ],
  observer: OBSERVE,
  operator: [
    ...OBSERVE,
    'events.eu.normal.a.b',
    'events.eu.normal.schedule.b',
    'raw.eu.a.0',
    'ledger.eu.event.a.1',
    '$KV.EPISODES_EU.key',
    '$KV.EPISODES_EU.control.triggers',
    '$KV.EPISODES_EU.sender.am',
    'acts.eu',
    '$JS.API.STREAM.MSG.DELETE.DLQ_EU',
  ],
  provisioner: [
    'acts.eu',
    '$JS.API.STREAM.MSG.GET.ACTS_EU',
    ...EU.flatMap((stream) => ['INFO', 'CREATE', 'UPDATE'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`)),
    ...PULLED.flatMap(([stream, consumer]) => [
      `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
      `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.events.eu.x`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${consumer}`,
    ]),
  ],
};
const INBOX = {
  ingest: 'ingest',
  trigger: 'trigger',
  worker: 'worker',
  observer: 'command',
  operator: 'command',
  provisioner: 'command',
} as const;

describe('permissions at NATS', () => {
  let server: SecuredNats;
  const passwordOf = (role: NatsUserRole): string => `password-of-${role}`;
  const open = (role: NatsUserRole): Promise<EventLog> =>
    connectLog({
      servers: server.url,
      name: role,
      access: {
        identity: { kind: 'password', user: `tocsin-${role}`, password: () => passwordOf(role) },
        inboxPrefix: inboxOf(INBOX[role]),
      },
    });
  before(async () => {
    for (const role of NATS_ROLES) process.env[passwordVariable(role)] = passwordOf(role);
    server = await startSecuredNats(() => natsServerConfig(['eu']));
    const provisioner = await open('provisioner');
    await provisioner.ensureTopology(small(), true);
    assert.deepEqual(await provisioner.ensureTopology(small(), false), []);
    await provisioner.close();
  });
  after(() => server.stop());
  const small = () =>
    regionTopology('eu', { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }).map((spec) => ({
      ...spec,
      maxBytes: 16 * 1_048_576,
    }));

  it('an event goes from intake through the trigger process into the ledger with these users', async () => {
    const [ingest, trigger, observer] = [await open('ingest'), await open('trigger'), await open('observer')];
    const { sequence } = await ingest.publish('events.eu.urgent.test.firing', bytes('event'), {
      expectStream: 'EVENTS_EU',
    });
    let settled: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (settled = resolve));
    const consumption = await trigger.consume(
      { stream: 'EVENTS_EU', consumer: 'trigger-urgent', maxInFlight: 1 },
      async (delivery) => {
        if (delivery.sequence === sequence) {
          await trigger.publish('$KV.EPISODES_EU.some-key', bytes('{}'), { expectLastSequence: 0 });
          await trigger.publish('ledger.eu.event.some-key.1', bytes('record'), { expectStream: 'LEDGER_EU' });
        }
        await delivery.ack();
        if (delivery.sequence === sequence) settled();
      },
    );
    await done;
    await consumption.close(5_000);
    const seen = [];
    for await (const { data, subject } of observer.read({ stream: 'LEDGER_EU', filter: 'ledger.eu.event.some-key.*' }))
      seen.push(`${subject} ${new TextDecoder().decode(data)}`);
    assert.deepEqual(seen, ['ledger.eu.event.some-key.1 record']);
    assert.equal((await observer.consumerState('EVENTS_EU', 'trigger-urgent')).ackPending, 0);
    await Promise.all([ingest, trigger, observer].map((log) => log.close()));
  });

  it('a stream is read without a consumer of its own, from an instant and by subject', async () => {
    const [trigger, observer] = [await open('trigger'), await open('observer')];
    const written = [];
    for (let index = 0; index < 40; index += 1)
      written.push(
        await trigger.publish(`ledger.eu.run.${index % 2 === 0 ? 'even' : 'odd'}.${index}`, bytes(String(index))),
      );
    const middle = (await observer.get('LEDGER_EU', written[20]?.sequence ?? 0))?.storedAt ?? 0;
    const seen: number[] = [];
    for await (const { data, storedAt } of observer.read({
      stream: 'LEDGER_EU',
      filter: 'ledger.eu.run.even.*',
      since: middle,
    })) {
      assert.ok(storedAt >= middle);
      seen.push(Number(new TextDecoder().decode(data)));
    }
    assert.deepEqual(seen.slice(-10), [20, 22, 24, 26, 28, 30, 32, 34, 36, 38]);
    assert.ok(seen.every((value) => value % 2 === 0));
    await Promise.all([trigger.close(), observer.close()]);
  });

  it('a stream is followed without a consumer of its own, from now on, until it is enough', async () => {
    const [trigger, observer] = [await open('trigger'), await open('observer')];
    const enough = new AbortController();
    const seen: string[] = [];
    const followed = (async () => {
      for await (const { data } of observer.follow({
        stream: 'LEDGER_EU',
        filter: 'ledger.eu.run.followed.*',
        signal: enough.signal,
      })) {
        seen.push(new TextDecoder().decode(data));
        enough.abort();
      }
    })();
    // Stored again and again, because nothing says from outside when it has begun to look.
    let stored = 0;
    await until('one was seen', async () => {
      stored += 1;
      await trigger.publish(`ledger.eu.run.followed.${stored}`, bytes(String(stored)));
      return seen.length > 0;
    });
    await followed;
    assert.equal(seen.length, 1);
    await Promise.all([trigger.close(), observer.close()]);
  });

  it('the trigger process puts back what it held, and the intake counts by sender', async () => {
    const [ingest, trigger, observer] = [await open('ingest'), await open('trigger'), await open('observer')];
    const { sequence } = await ingest.publish('events.eu.normal.test.held', bytes('event'));
    const { storedAt } = (await observer.get('EVENTS_EU', sequence)) ?? assert.fail('not stored');
    const position = { stream: 'EVENTS_EU', sequence, storedAt };
    assert.equal(await putBack(trigger, { position, trigger: 'restart', by: 'window' }, Date.now()), true);
    const activity = createSenderActivity(ingest, 'eu');
    activity.note('am', { kind: 'accepted' });
    await activity.flush();
    assert.equal((await createSenderActivity(observer, 'eu').read('am')).accepted, 1);
    await Promise.all([ingest, trigger, observer].map((log) => log.close()));
  });

  it('an operator takes a dead letter out, an observer cannot', async () => {
    const [trigger, operator, observer] = [await open('trigger'), await open('operator'), await open('observer')];
    const { sequence } = await trigger.publish('dlq.eu.9.some-trigger', bytes('letter'));
    await assert.rejects(createDeadLetters(observer, 'eu').discard(sequence), LogRefused);
    await createDeadLetters(operator, 'eu').discard(sequence);
    assert.equal(await observer.get('DLQ_EU', sequence), null);
    await Promise.all([trigger.close(), operator.close(), observer.close()]);
  });

  it('of requests side by side only those are refused that are not allowed', async () => {
    const [trigger, observer] = [await open('trigger'), await open('observer')];
    const { sequence } = await trigger.publish('dlq.eu.10.some-trigger', bytes('letter'));
    const asked = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, n) =>
        n % 2 === 0 ? observer.get('DLQ_EU', sequence) : observer.publish('dlq.eu.11.some-trigger', bytes('forged')),
      ),
    );
    for (const [n, outcome] of asked.entries())
      if (outcome.status === 'fulfilled') assert.deepEqual([n % 2, outcome.value?.sequence], [0, sequence]);
      else assert.deepEqual([n % 2, outcome.reason instanceof LogRefused], [1, true]);
    await Promise.all([trigger.close(), observer.close()]);
  });

  it('the answer to a question can be sent anywhere by whoever may ask it, and lifts no stop there', async () => {
    const [operator, observer] = [await open('operator'), await open('observer')];
    const stop: Stop = { scope: 'all', why: 'drill', by: 'ann', at: new Date().toISOString() };
    const store = createControlStore(operator, 'eu');
    await store.update((before) => ({ ...before, stops: [stop] }), { ...stop, trigger: null, what: 'stopped' });
    const watch = createControlWatch(store, pino({ level: 'silent' }));
    await watch.start();
    watch.close();
    const subject = '$KV.EPISODES_EU.control.triggers';
    const before = await observer.last('KV_EPISODES_EU', subject);
    const wire = await openWire(server.url, 'tocsin-observer', passwordOf('observer'));
    await wire.publish('$JS.API.STREAM.INFO.EVENTS_EU', '', subject);
    wire.close();
    await until('the server has stored its answer as the record', async () => {
      const now = await observer.last('KV_EPISODES_EU', subject);
      return now?.sequence !== before?.sequence;
    });
    await assert.rejects(store.read(), ControlUnreadable);
    assert.deepEqual(watch.current().stops, [stop], 'who has seen the stop keeps it');
    const fresh = createControlWatch(store, pino({ level: 'silent' }));
    await assert.rejects(fresh.start(), ControlUnreadable);
    assert.equal(fresh.ageMs(), Infinity, 'who has not has seen no record, and refuses effects');
    fresh.close();
    await Promise.all([operator.close(), observer.close()]);
  });

  // Last: some of what is allowed is nonsense to the server, and leaves its traces.
  for (const role of NATS_ROLES)
    it(`${role} may do what it needs and nothing else: ${PUBLISH.length} verbs and ${SUBSCRIBE.length} subscriptions`, async () => {
      const wire = await openWire(server.url, `tocsin-${role}`, passwordOf(role));
      const published = [];
      for (const subject of PUBLISH) if (await wire.publish(subject)) published.push(subject);
      const subscribed = [];
      for (const subject of SUBSCRIBE) if (await wire.subscribe(subject)) subscribed.push(subject);
      wire.close();
      assert.deepEqual(published.toSorted(), [...EXPECTED[role]].toSorted());
      assert.deepEqual(subscribed, [`_INBOX_tocsin_${INBOX[role]}.>`]);
    });
});
