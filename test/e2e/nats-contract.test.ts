import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Conflict, LogFull, LogRefused, LogUnavailable } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { Consumption, Delivery, EventLog } from '../../triggers/nats/port.ts';
import type { StreamSpec } from '../../triggers/nats/topology.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const CONSUMER = 'reader';
const ACK_WAIT_MS = 1_000;
const CLOSE_MS = 5_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

/** A stream of its own for each test, with one consumer of everything in it. */
const spec = (name: string, changes: Partial<StreamSpec> = {}): StreamSpec => ({
  name: name.toUpperCase(),
  subjects: [`${name}.>`],
  description: 'test',
  maxAgeMs: 3_600_000,
  maxBytes: 10_000_000,
  maxMsgSize: 100_000,
  duplicateWindowMs: 60_000,
  replicas: 1,
  maxPerSubject: -1,
  allowDelete: true,
  consumers: [
    { name: CONSUMER, filter: `${name}.>`, description: 'test', ackWaitMs: ACK_WAIT_MS, maxAckPending: 1_000 },
  ],
  ...changes,
});

describe('the events log keeps its promises', () => {
  let servers: TestServers;
  let log: EventLog;
  let open: Consumption[] = [];
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'contract' });
  });
  afterEach(async () => {
    await Promise.all(open.map((consumption) => consumption.close(CLOSE_MS)));
    open = [];
  });
  after(async () => {
    await log?.close();
    await servers?.stopAll();
  });

  const create = async (name: string, changes?: Partial<StreamSpec>): Promise<string> => {
    await log.ensureTopology([spec(name, changes)], true);
    return name.toUpperCase();
  };
  const consume = async (stream: string, maxInFlight: number, handle: (delivery: Delivery) => Promise<void>) => {
    const consumption = await log.consume({ stream, consumer: CONSUMER, maxInFlight }, handle);
    open.push(consumption);
    return consumption;
  };
  const all = async (stream: string, filter?: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const { data } of log.read({ stream, ...(filter === undefined ? {} : { filter }) }))
      found.push(text(data));
    return found;
  };

  describe('publish', () => {
    it('resolves to the place where the message is stored', async () => {
      const stream = await create('place');
      const first = await log.publish('place.a', bytes('one'), { headers: { 'Ce-Id': '1' } });
      assert.deepEqual(first, { stream, sequence: 1, duplicate: false });
      const stored = (await log.get(stream, 1)) ?? assert.fail('not stored');
      assert.deepEqual(
        [stored.stream, stored.subject, stored.sequence, stored.headers['ce-id'], text(stored.data)],
        [stream, 'place.a', 1, '1', 'one'],
      );
      assert.ok(Math.abs(stored.storedAt - Date.now()) < 60_000, 'milliseconds since 1970');
    });

    it('compare-and-set: only who knows the last sequence may write', async () => {
      await create('cas');
      const first = await log.publish('cas.a', bytes('1'), { expectLastSequence: 0 });
      await assert.rejects(log.publish('cas.a', bytes('x'), { expectLastSequence: 0 }), Conflict);
      await log.publish('cas.b', bytes('other'), { expectLastSequence: 0 });
      await log.publish('cas.a', bytes('2'), { expectLastSequence: first.sequence });
      await assert.rejects(log.publish('cas.a', bytes('x'), { expectLastSequence: first.sequence }), Conflict);
      assert.deepEqual(await all('CAS'), ['1', 'other', '2']);
    });

    it('compare-and-set: of many at once exactly one wins', async () => {
      await create('race');
      const tries = Array.from({ length: 20 }, (_, n) =>
        log.publish('race.a', bytes(`${n}`), { expectLastSequence: 0 }),
      );
      const settled = await Promise.allSettled(tries);
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of settled) if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof Conflict);
    });

    it('a message sent twice under one id is stored once', async () => {
      const stream = await create('twice');
      const first = await log.publish('twice.a', bytes('a'), { msgId: 'id-1' });
      const second = await log.publish('twice.a', bytes('a'), { msgId: 'id-1' });
      assert.deepEqual(second, { stream, sequence: first.sequence, duplicate: true });
      assert.equal((await log.publish('twice.a', bytes('b'), { msgId: 'id-2' })).duplicate, false);
    });

    it('refuses when the subject belongs to another stream', async () => {
      await create('mine');
      await create('theirs');
      await assert.rejects(log.publish('theirs.a', bytes('x'), { expectStream: 'MINE' }), LogRefused);
      assert.equal((await log.publish('mine.a', bytes('x'), { expectStream: 'MINE' })).stream, 'MINE');
    });

    it('refuses what is too large for the stream, and for the server', async () => {
      await create('large', { maxMsgSize: 1_000 });
      await assert.rejects(log.publish('large.a', new Uint8Array(2_000)), LogRefused);
      await assert.rejects(log.publish('large.a', new Uint8Array(2_000_000)), LogRefused);
      await log.ping();
    });

    it('a full stream refuses and loses nothing', async () => {
      const stream = await create('full', { maxBytes: 2_000, maxMsgSize: 1_000 });
      let stored = 0;
      const fill = async (): Promise<never> => {
        for (;;) {
          await log.publish('full.a', new Uint8Array(300));
          stored += 1;
        }
      };
      await assert.rejects(fill(), LogFull);
      const { messages, firstSequence, maxBytes } = await log.streamState(stream);
      assert.deepEqual([messages, firstSequence, maxBytes], [stored, 1, 2_000]);
      await log.remove(stream, 1);
      await log.publish('full.a', new Uint8Array(300));
    });
  });

  describe('text from outside', () => {
    /** What ends a protocol line, what separates its fields, and a whole second command. */
    const fragment = fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', ' ', '\t', '\0', '.', '*', '>', '', 'é', '\u2028'),
      fc.constantFrom(
        ' 0\r\n\r\nPUB injected.a 2\r\nhi',
        '\r\nPUB injected.a 2\r\nhi\r\n',
        '\r\nSUB > 1\r\n',
        '\r\nPING\r\n',
      ),
      fc.stringMatching(/^[a-z]{1,8}$/),
    );
    const hostile = fc.array(fragment, { maxLength: 6 }).map((parts) => parts.join(''));

    it('a subject is stored as it is or refused, and never becomes a second command', async () => {
      const stream = await create('subject');
      const injected = await create('injected');
      let [stored, refused] = [0, 0];
      await fc.assert(
        fc.asyncProperty(hostile, async (tail) => {
          const subject = `subject.${tail}`;
          try {
            const { sequence } = await log.publish(subject, bytes('x'));
            stored += 1;
            assert.equal((await log.get(stream, sequence))?.subject, subject);
          } catch (error) {
            assert.ok(error instanceof LogRefused, String(error));
            refused += 1;
          }
        }),
        { numRuns: 300 },
      );
      await log.ping();
      assert.ok(stored > 0 && refused > 0, 'both answers were seen');
      assert.equal((await log.streamState(stream)).messages, stored);
      assert.equal((await log.streamState(injected)).messages, 0);
    });

    it('the same for headers and message ids', async () => {
      const stream = await create('header');
      const injected = await create('injected');
      let [stored, refused] = [0, 0];
      await fc.assert(
        fc.asyncProperty(hostile, hostile, async (value, msgId) => {
          try {
            const ack = await log.publish('header.a', bytes('body'), { headers: { 'x-value': value }, msgId });
            if (!ack.duplicate) stored += 1;
            const found = await log.get(stream, ack.sequence);
            assert.equal(text(found?.data), 'body');
            const names = Object.keys(found?.headers ?? {}).filter(
              (name) => name !== 'x-value' && name !== 'nats-msg-id',
            );
            assert.deepEqual(names, [], 'no header that was not given');
          } catch (error) {
            assert.ok(error instanceof LogRefused, String(error));
            refused += 1;
          }
        }),
        { numRuns: 300 },
      );
      await log.ping();
      assert.ok(stored > 0 && refused > 0, 'both answers were seen');
      assert.equal((await log.streamState(stream)).messages, stored);
      assert.equal((await log.streamState(injected)).messages, 0);
    });
  });

  describe('reading', () => {
    it('last, get and read see what is stored, and null where nothing is', async () => {
      const stream = await create('look');
      await log.publish('look.a', bytes('1'));
      await log.publish('look.b', bytes('2'));
      await log.publish('look.a', bytes('3'));
      assert.equal(text((await log.last(stream, 'look.a'))?.data), '3');
      assert.equal(await log.last(stream, 'look.c'), null);
      assert.equal(text((await log.get(stream, 2))?.data), '2');
      assert.equal(await log.get(stream, 99), null);
      assert.deepEqual(await all(stream), ['1', '2', '3']);
      assert.deepEqual(await all(stream, 'look.a'), ['1', '3']);
      assert.deepEqual(await all(stream, 'look.none'), []);
    });

    it('read begins at an instant, and ends with what was the last when it began', async () => {
      const stream = await create('since');
      assert.deepEqual(await all(stream), []);
      for (const n of [1, 2, 3]) await log.publish('since.a', bytes(`${n}`));
      const second = (await log.get(stream, 2)) ?? assert.fail('not stored');
      const seen: number[] = [];
      for await (const { sequence, storedAt } of log.read({ stream, since: second.storedAt })) {
        assert.ok(storedAt >= second.storedAt);
        seen.push(sequence);
        await log.publish('since.a', bytes('later'));
      }
      assert.ok(seen.includes(2));
      assert.equal(seen.at(-1), 3);
    });

    it('read pages through more than one batch in order', async () => {
      const stream = await create('many');
      await Promise.all(Array.from({ length: 1_203 }, (_, n) => log.publish('many.a', bytes(`${n}`))));
      let last = 0;
      for await (const { sequence } of log.read({ stream })) assert.equal(sequence, (last += 1));
      assert.equal(last, 1_203);
    });

    it('a message taken out is gone; a stream that is not there is refused', async () => {
      const stream = await create('gone');
      await log.publish('gone.a', bytes('1'));
      await log.remove(stream, 1);
      assert.equal(await log.get(stream, 1), null);
      await assert.rejects(log.streamState('NOWHERE'), LogRefused);
      await assert.rejects(log.last('NOWHERE', 'a.b'), LogRefused);
      await assert.rejects(all('NOWHERE'), LogRefused);
    });

    it('a stream that keeps everything lets nothing be taken out', async () => {
      const stream = await create('kept', { allowDelete: false });
      await log.publish('kept.a', bytes('1'));
      await assert.rejects(log.remove(stream, 1));
      assert.equal(text((await log.get(stream, 1))?.data), '1');
    });
  });

  describe('consume', () => {
    it('hands out no more than maxInFlight at a time, and everything in the end', async () => {
      const stream = await create('bound');
      for (let n = 0; n < 40; n += 1) await log.publish('bound.a', bytes(`${n}`));
      let [now, peak] = [0, 0];
      const waiting: (() => void)[] = [];
      const seen = new Set<number>();
      await consume(stream, 4, async (delivery) => {
        now += 1;
        peak = Math.max(peak, now);
        await new Promise<void>((resolve) => waiting.push(resolve));
        await delivery.ack();
        seen.add(delivery.sequence);
        now -= 1;
      });
      await until('four in flight', () => waiting.length === 4);
      await until('everything', () => {
        waiting.shift()?.();
        return seen.size === 40;
      });
      assert.equal(peak, 4);
      const state = await log.consumerState(stream, CONSUMER);
      assert.deepEqual([state.pending, state.ackPending, state.ackFloor], [0, 0, 40]);
    });

    it('what is given back comes again, and is counted', async () => {
      const stream = await create('again');
      await log.publish('again.a', bytes('1'));
      const counts: number[] = [];
      await consume(stream, 10, async (delivery) => {
        counts.push(delivery.deliveryCount);
        if (counts.length < 3) delivery.nak(1);
        else await delivery.ack();
      });
      await until('the third delivery', () => counts.length === 3);
      assert.deepEqual(counts, [1, 2, 3]);
      await until('the acknowledgement', async () => (await log.consumerState(stream, CONSUMER)).ackFloor === 1);
    });

    it('what is neither acknowledged nor given back comes again after ack_wait', async () => {
      const stream = await create('silent');
      await log.publish('silent.a', bytes('1'));
      const counts: number[] = [];
      await consume(stream, 10, async (delivery) => {
        counts.push(delivery.deliveryCount);
        if (counts.length === 2) await delivery.ack();
      });
      await until('the second delivery', () => counts.length === 2);
      assert.deepEqual(counts, [1, 2]);
    });

    it('an acknowledged message never comes again, also to the next process', async () => {
      const stream = await create('settled');
      const acked: number[] = [];
      const handle = async (delivery: Delivery): Promise<void> => {
        await delivery.ack();
        acked.push(delivery.sequence);
      };
      await log.publish('settled.a', bytes('1'));
      const first = await consume(stream, 10, handle);
      await until('the first', () => acked.length === 1);
      await first.close(CLOSE_MS);
      await log.publish('settled.a', bytes('2'));
      await consume(stream, 10, handle);
      await until('the second', () => acked.length === 2);
      assert.deepEqual(acked, [1, 2]);
    });

    it('closing waits for the handlers in flight and gives back the rest', async () => {
      const stream = await create('close');
      for (let n = 0; n < 10; n += 1) await log.publish('close.a', bytes(`${n}`));
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const begun: number[] = [];
      const ended: number[] = [];
      const consumption = await consume(stream, 2, async (delivery) => {
        begun.push(delivery.sequence);
        await gate;
        await delivery.ack();
        ended.push(delivery.sequence);
      });
      await until('two in flight', () => begun.length === 2);
      assert.equal(consumption.pulling(), true);
      const closed = consumption.close(CLOSE_MS);
      assert.equal(consumption.pulling(), false);
      release();
      await closed;
      assert.deepEqual(ended, begun);
      const rest: number[] = [];
      await consume(stream, 20, async (delivery) => {
        await delivery.ack();
        rest.push(delivery.sequence);
      });
      await until('the rest', () => rest.length === 10 - begun.length);
      assert.deepEqual(
        [...begun, ...rest].toSorted((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      );
    });

    it('a consumer that is not there is refused', async () => {
      await create('nobody', { consumers: [] });
      await assert.rejects(
        consume('NOBODY', 1, () => Promise.resolve()),
        LogRefused,
      );
    });
  });

  describe('topology', () => {
    it('without apply says what is missing and changes nothing', async () => {
      const specs = [spec('planned')];
      assert.deepEqual(await log.ensureTopology(specs, false), ['stream PLANNED: missing']);
      await assert.rejects(log.streamState('PLANNED'), LogRefused);
      await log.ensureTopology(specs, true);
      assert.deepEqual(await log.ensureTopology(specs, false), []);
    });

    it('says each difference with both values, and changes it only when told to', async () => {
      await create('drift');
      const [consumer] = spec('drift').consumers;
      assert.ok(consumer !== undefined);
      const changed = [spec('drift', { maxBytes: 20_000_000, consumers: [{ ...consumer, ackWaitMs: 2_000 }] })];
      const expected = [
        'stream DRIFT: max_bytes is 10000000, expected 20000000',
        'consumer DRIFT/reader: ack_wait is 1000000000, expected 2000000000',
      ];
      assert.deepEqual(await log.ensureTopology(changed, false), expected);
      assert.deepEqual(await log.ensureTopology(changed, false), expected, 'nothing was changed');
      assert.deepEqual(await log.ensureTopology(changed, true), expected);
      assert.deepEqual(await log.ensureTopology(changed, false), []);
      assert.equal((await log.streamState('DRIFT')).maxBytes, 20_000_000);
    });

    it('a change the server cannot make is refused and leaves the stream as it was', async () => {
      await create('fixed', { allowDelete: false });
      await log.publish('fixed.a', bytes('1'));
      await assert.rejects(log.ensureTopology([spec('fixed', { allowDelete: true })], true), LogRefused);
      assert.deepEqual(await all('FIXED'), ['1']);
    });
  });

  describe('outage', () => {
    it('while the server is away every call says so; afterwards all goes on by itself', async () => {
      const stream = await create('outage');
      const seen: string[] = [];
      const consumption = await consume(stream, 10, async (delivery) => {
        await delivery.ack();
        seen.push(text(delivery.data));
      });
      await log.publish('outage.a', bytes('before'));
      await until('the first message', () => seen.length === 1);

      await servers.nats.kill();
      await Promise.all([
        assert.rejects(log.publish('outage.a', bytes('during')), LogUnavailable),
        assert.rejects(log.last(stream, 'outage.a'), LogUnavailable),
        assert.rejects(log.streamState(stream), LogUnavailable),
        assert.rejects(log.ping(), LogUnavailable),
        assert.rejects(all(stream), LogUnavailable),
        assert.rejects(log.ensureTopology([spec('outage')], false), LogUnavailable),
      ]);
      await until('an honest answer', () => !consumption.pulling());

      await servers.nats.start();
      await until('a round trip', async () => {
        await log.ping();
        return true;
      });
      await until('an accepted message', () => log.publish('outage.a', bytes('after')));
      await until('its delivery', () => seen.includes('after'));
      await until('an honest answer', () => consumption.pulling());
    });

    it('a first connection that nobody answers says where', async () => {
      const url = `nats://127.0.0.1:${await freePort()}`;
      await assert.rejects(connectLog({ servers: url, name: 'contract' }), (error: unknown) => {
        assert.ok(error instanceof LogUnavailable);
        assert.match(error.message, new RegExp(url));
        return true;
      });
    });
  });
});
