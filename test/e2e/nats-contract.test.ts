import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Conflict, LogFull, LogRefused, LogUnavailable } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { bytes, streamSpec, text, useLog } from '../support/events-log.ts';
import { until } from '../support/until.ts';

describe('the events log keeps its promises', () => {
  const on = useLog();

  describe('publish', () => {
    it('resolves to the place where the message is stored', async () => {
      const stream = await on.create('place');
      const first = await on.log.publish('place.a', bytes('one'), { headers: { 'Ce-Id': '1' } });
      assert.deepEqual(first, { stream, sequence: 1, duplicate: false });
      const stored = (await on.log.get(stream, 1)) ?? assert.fail('not stored');
      assert.deepEqual(
        [stored.stream, stored.subject, stored.sequence, stored.headers['ce-id'], text(stored.data)],
        [stream, 'place.a', 1, '1', 'one'],
      );
      assert.ok(Math.abs(stored.storedAt - Date.now()) < 60_000, 'milliseconds since 1970');
    });

    it('compare-and-set: only who knows the last sequence may write', async () => {
      await on.create('cas');
      const first = await on.log.publish('cas.a', bytes('1'), { expectLastSequence: 0 });
      await assert.rejects(on.log.publish('cas.a', bytes('x'), { expectLastSequence: 0 }), Conflict);
      await on.log.publish('cas.b', bytes('other'), { expectLastSequence: 0 });
      await on.log.publish('cas.a', bytes('2'), { expectLastSequence: first.sequence });
      await assert.rejects(on.log.publish('cas.a', bytes('x'), { expectLastSequence: first.sequence }), Conflict);
      assert.deepEqual(await on.all('CAS'), ['1', 'other', '2']);
    });

    it('compare-and-set: of many at once exactly one wins', async () => {
      await on.create('race');
      const tries = Array.from({ length: 20 }, (_, n) =>
        on.log.publish('race.a', bytes(`${n}`), { expectLastSequence: 0 }),
      );
      const settled = await Promise.allSettled(tries);
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of settled) if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof Conflict);
    });

    it('each of many at once gets its own answer', async () => {
      const stream = await on.create('many');
      const acks = await Promise.all(Array.from({ length: 500 }, (_, n) => on.log.publish(`many.${n}`, bytes(`${n}`))));
      const found = await Promise.all(acks.map((_, n) => on.log.last(stream, `many.${n}`)));
      assert.deepEqual(
        found.map((each) => [each?.sequence, text(each?.data)]),
        acks.map(({ sequence }, n) => [sequence, `${n}`]),
      );
      const unknown = await Promise.all([1, 2].map((n) => on.log.last(stream, `many.none.${n}`)));
      assert.deepEqual(unknown, [null, null]);
    });

    it('a subject of no stream may have one later', async () => {
      await assert.rejects(on.log.publish('nobody.there', bytes('x')), LogUnavailable);
    });

    it('a message sent twice under one id is stored once', async () => {
      const stream = await on.create('twice');
      const first = await on.log.publish('twice.a', bytes('a'), { msgId: 'id-1' });
      const second = await on.log.publish('twice.a', bytes('a'), { msgId: 'id-1' });
      assert.deepEqual(second, { stream, sequence: first.sequence, duplicate: true });
      assert.equal((await on.log.publish('twice.a', bytes('b'), { msgId: 'id-2' })).duplicate, false);
    });

    it('finds the next message of a filter, and says when there is none', async () => {
      const stream = await on.create('next');
      for (const subject of ['next.a', 'next.b', 'next.a']) await on.log.publish(subject, bytes(subject));
      assert.equal((await on.log.next(stream, 'next.b', 1))?.sequence, 2);
      assert.equal((await on.log.next(stream, 'next.a', 2))?.sequence, 3);
      assert.equal(await on.log.next(stream, 'next.b', 3), null);
    });

    it('says which server answers, and what its clock shows', async () => {
      const { version, clockAheadMs, roundTripMs } = await on.log.serverState(await on.create('server'));
      assert.match(version, /^\d+\.\d+\.\d+/);
      assert.ok(clockAheadMs !== null && Math.abs(clockAheadMs) <= roundTripMs + 5, `${clockAheadMs} ms`);
    });

    it('refuses when the subject belongs to another stream', async () => {
      await on.create('mine');
      await on.create('theirs');
      await assert.rejects(on.log.publish('theirs.a', bytes('x'), { expectStream: 'MINE' }), LogRefused);
      assert.equal((await on.log.publish('mine.a', bytes('x'), { expectStream: 'MINE' })).stream, 'MINE');
    });

    it('refuses what is too large for the stream, and for the server', async () => {
      await on.create('large', { maxMsgSize: 1_000 });
      await assert.rejects(on.log.publish('large.a', new Uint8Array(2_000)), LogRefused);
      await assert.rejects(on.log.publish('large.a', new Uint8Array(2_000_000)), LogRefused);
      await on.log.ping();
    });

    it('a full stream refuses and loses nothing', async () => {
      const stream = await on.create('full', { maxBytes: 2_000, maxMsgSize: 1_000 });
      let stored = 0;
      const fill = async (): Promise<never> => {
        for (;;) {
          await on.log.publish('full.a', new Uint8Array(300));
          stored += 1;
        }
      };
      await assert.rejects(fill(), LogFull);
      const { messages, firstSequence, maxBytes } = await on.log.streamState(stream);
      assert.deepEqual([messages, firstSequence, maxBytes], [stored, 1, 2_000]);
      await on.log.remove(stream, 1);
      await on.log.publish('full.a', new Uint8Array(300));
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
      const stream = await on.create('subject');
      const injected = await on.create('injected');
      let [stored, refused] = [0, 0];
      await fc.assert(
        fc.asyncProperty(hostile, async (tail) => {
          const subject = `subject.${tail}`;
          try {
            const { sequence } = await on.log.publish(subject, bytes('x'));
            stored += 1;
            assert.equal((await on.log.get(stream, sequence))?.subject, subject);
          } catch (error) {
            assert.ok(error instanceof LogRefused, String(error));
            refused += 1;
          }
        }),
        { numRuns: 300 },
      );
      await on.log.ping();
      assert.ok(stored > 0 && refused > 0, 'both answers were seen');
      assert.equal((await on.log.streamState(stream)).messages, stored);
      assert.equal((await on.log.streamState(injected)).messages, 0);
    });

    it('what is no name of a stream is refused, and never becomes a second command', async () => {
      await on.create('named');
      const before = (await on.log.streamState('NAMED')).messages;
      const injected = 'NAMED 0\r\n\r\nPUB named.a 1\r\nx\r\nPUB named.b';
      for (const stream of [injected, 'NAMED\n', 'named.a', '*', '>', ''])
        for (const look of [on.log.get(stream, 1), on.log.last(stream, 'named.a'), on.log.next(stream, '>', 1)])
          await assert.rejects(look, LogRefused, JSON.stringify(stream));
      assert.equal((await on.log.streamState('NAMED')).messages, before);
    });

    it('the same for headers and message ids', async () => {
      const stream = await on.create('header');
      const injected = await on.create('injected');
      let [stored, refused] = [0, 0];
      await fc.assert(
        fc.asyncProperty(hostile, hostile, async (value, msgId) => {
          try {
            const ack = await on.log.publish('header.a', bytes('body'), { headers: { 'x-value': value }, msgId });
            if (!ack.duplicate) stored += 1;
            const found = await on.log.get(stream, ack.sequence);
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
      await on.log.ping();
      assert.ok(stored > 0 && refused > 0, 'both answers were seen');
      assert.equal((await on.log.streamState(stream)).messages, stored);
      assert.equal((await on.log.streamState(injected)).messages, 0);
    });
  });

  describe('topology', () => {
    it('without apply says what is missing and changes nothing', async () => {
      const specs = [streamSpec('planned')];
      assert.deepEqual(await on.log.ensureTopology(specs, false), ['stream PLANNED: missing']);
      await assert.rejects(on.log.streamState('PLANNED'), LogRefused);
      await on.log.ensureTopology(specs, true);
      assert.deepEqual(await on.log.ensureTopology(specs, false), []);
    });

    it('says each difference with both values, and changes it only when told to', async () => {
      await on.create('drift');
      const [consumer] = streamSpec('drift').consumers;
      assert.ok(consumer !== undefined);
      const changed = [streamSpec('drift', { maxBytes: 20_000_000, consumers: [{ ...consumer, ackWaitMs: 2_000 }] })];
      const expected = [
        'stream DRIFT: max_bytes is 10000000, expected 20000000',
        'consumer DRIFT/reader: ack_wait is 1000000000, expected 2000000000',
      ];
      assert.deepEqual(await on.log.ensureTopology(changed, false), expected);
      assert.deepEqual(await on.log.ensureTopology(changed, false), expected, 'nothing was changed');
      assert.deepEqual(await on.log.ensureTopology(changed, true), expected);
      assert.deepEqual(await on.log.ensureTopology(changed, false), []);
      assert.equal((await on.log.streamState('DRIFT')).maxBytes, 20_000_000);
    });

    it('a change the server cannot make is refused and leaves the stream as it was', async () => {
      await on.create('fixed', { allowDelete: false });
      await on.log.publish('fixed.a', bytes('1'));
      await assert.rejects(on.log.ensureTopology([streamSpec('fixed', { allowDelete: true })], true), LogRefused);
      assert.deepEqual(await on.all('FIXED'), ['1']);
    });
  });

  describe('outage', () => {
    it('while the server is away every call says so; afterwards all goes on by itself', async () => {
      const stream = await on.create('outage');
      const seen: string[] = [];
      const consumption = await on.consume(stream, 10, async (delivery) => {
        await delivery.ack();
        seen.push(text(delivery.data));
      });
      await on.log.publish('outage.a', bytes('before'));
      await until('the first message', () => seen.length === 1);

      await on.server.kill();
      await Promise.all([
        assert.rejects(on.log.publish('outage.a', bytes('during')), LogUnavailable),
        assert.rejects(on.log.last(stream, 'outage.a'), LogUnavailable),
        assert.rejects(on.log.streamState(stream), LogUnavailable),
        assert.rejects(on.log.ping(), LogUnavailable),
        assert.rejects(on.all(stream), LogUnavailable),
        assert.rejects(on.log.ensureTopology([streamSpec('outage')], false), LogUnavailable),
      ]);
      await until('an honest answer', () => !consumption.pulling());

      await on.server.start();
      await until('a round trip', async () => {
        await on.log.ping();
        return true;
      });
      await until('an accepted message', () => on.log.publish('outage.a', bytes('after')));
      await until('its delivery', () => seen.includes('after'));
      await until('an honest answer', () => consumption.pulling());
    });

    it('a server that stands still is waited for no longer than the bound, and its late answers reach nobody', async () => {
      const stream = await on.create('still');
      await on.log.publish('still.a', bytes('before'));
      const pid = on.server.pid() ?? assert.fail('it runs');
      process.kill(pid, 'SIGSTOP');
      const refused = assert.rejects(on.log.publish('still.a', bytes('during')), (error: unknown) => {
        assert.ok(error instanceof LogUnavailable);
        assert.match(error.message, /cannot publish to still\.a: timeout/i);
        return true;
      });
      await refused.finally(() => process.kill(pid, 'SIGCONT'));
      // Whether it was stored is not known to whoever was not answered.
      const after = await until('an answer', () => on.log.publish('still.b', bytes('after')));
      assert.equal((await on.log.last(stream, 'still.b'))?.sequence, after.sequence);
    });

    it('who is closed gets no answer any more, and is told so', async () => {
      const other = await connectLog({ servers: on.url, name: 'closed with a request on its way' });
      const pid = on.server.pid() ?? assert.fail('it runs');
      process.kill(pid, 'SIGSTOP');
      const told = assert.rejects(other.last('STILL', 'still.b'), LogUnavailable);
      const closed = other.close();
      await told.finally(() => process.kill(pid, 'SIGCONT'));
      await closed;
      await assert.rejects(other.publish('still.a', bytes('too late')), LogUnavailable);
    });

    it('a log that is closed while the server is away is closed, and dials no more', async () => {
      const other = await connectLog({ servers: on.url, name: 'closed in an outage' });
      await on.server.kill();
      await until('it has noticed', () =>
        other.ping().then(
          () => false,
          () => true,
        ),
      );
      await other.close();
      await other.closed();
      await on.server.start();
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
