import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from 'nats';
import { LogRefused } from '../../triggers/nats/errors.ts';
import type { Delivery } from '../../triggers/nats/port.ts';
import { CLOSE_MS, CONSUMER, bytes, text, useLog } from '../support/events-log.ts';
import { openWire } from '../support/nats-wire.ts';
import { until } from '../support/until.ts';

describe('the events log gives back what it stores', () => {
  const on = useLog();

  describe('reading', () => {
    it('last, get and read see what is stored, and null where nothing is', async () => {
      const stream = await on.create('look');
      await on.log.publish('look.a', bytes('1'));
      await on.log.publish('look.b', bytes('2'));
      await on.log.publish('look.a', bytes('3'));
      assert.equal(text((await on.log.last(stream, 'look.a'))?.data), '3');
      assert.equal(await on.log.last(stream, 'look.c'), null);
      assert.equal(text((await on.log.get(stream, 2))?.data), '2');
      assert.equal(await on.log.get(stream, 99), null);
      assert.deepEqual(await on.all(stream), ['1', '2', '3']);
      assert.deepEqual(await on.all(stream, 'look.a'), ['1', '3']);
      assert.deepEqual(await on.all(stream, 'look.none'), []);
    });

    it('read begins at an instant, and ends with what was the last when it began', async () => {
      const stream = await on.create('since');
      assert.deepEqual(await on.all(stream), []);
      for (const n of [1, 2, 3]) await on.log.publish('since.a', bytes(`${n}`));
      const second = (await on.log.get(stream, 2)) ?? assert.fail('not stored');
      const seen: number[] = [];
      for await (const { sequence, storedAt } of on.log.read({ stream, since: second.storedAt })) {
        assert.ok(storedAt >= second.storedAt);
        seen.push(sequence);
        await on.log.publish('since.a', bytes('later'));
      }
      assert.ok(seen.includes(2));
      assert.equal(seen.at(-1), 3);
    });

    it('read pages through more than one batch in order', async () => {
      const stream = await on.create('many');
      await Promise.all(Array.from({ length: 1_203 }, (_, n) => on.log.publish('many.a', bytes(`${n}`))));
      let last = 0;
      for await (const { sequence } of on.log.read({ stream })) assert.equal(sequence, (last += 1));
      assert.equal(last, 1_203);
    });

    it('a message taken out is gone; a stream that is not there is refused', async () => {
      const stream = await on.create('gone');
      await on.log.publish('gone.a', bytes('1'));
      await on.log.remove(stream, 1);
      assert.equal(await on.log.get(stream, 1), null);
      await assert.rejects(on.log.streamState('NOWHERE'), LogRefused);
      await assert.rejects(on.log.last('NOWHERE', 'a.b'), LogRefused);
      await assert.rejects(on.all('NOWHERE'), LogRefused);
    });

    it('a stream that keeps everything lets nothing be taken out', async () => {
      const stream = await on.create('kept', { allowDelete: false });
      await on.log.publish('kept.a', bytes('1'));
      await assert.rejects(on.log.remove(stream, 1));
      assert.equal(text((await on.log.get(stream, 1))?.data), '1');
    });
  });

  describe('consume', () => {
    it('hands out no more than maxInFlight at a time, and everything in the end', async () => {
      const stream = await on.create('bound');
      for (let n = 0; n < 40; n += 1) await on.log.publish('bound.a', bytes(`${n}`));
      let [now, peak] = [0, 0];
      const waiting: (() => void)[] = [];
      const seen = new Set<number>();
      await on.consume(stream, 4, async (delivery) => {
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
      const state = await on.log.consumerState(stream, CONSUMER);
      assert.deepEqual([state.pending, state.ackPending, state.ackFloor], [0, 0, 40]);
    });

    it('what is given back comes again, and is counted', async () => {
      const stream = await on.create('again');
      await on.log.publish('again.a', bytes('1'));
      const counts: number[] = [];
      await on.consume(stream, 10, async (delivery) => {
        counts.push(delivery.deliveryCount);
        if (counts.length < 3) delivery.nak(1);
        else await delivery.ack();
      });
      await until('the third delivery', () => counts.length === 3);
      assert.deepEqual(counts, [1, 2, 3]);
      await until('the acknowledgement', async () => (await on.log.consumerState(stream, CONSUMER)).ackFloor === 1);
    });

    it('what is neither acknowledged nor given back comes again after ack_wait', async () => {
      const stream = await on.create('silent');
      await on.log.publish('silent.a', bytes('1'));
      const counts: number[] = [];
      await on.consume(stream, 10, async (delivery) => {
        counts.push(delivery.deliveryCount);
        if (counts.length === 2) await delivery.ack();
      });
      await until('the second delivery', () => counts.length === 2);
      assert.deepEqual(counts, [1, 2]);
    });

    it('an acknowledged message never comes again, also to the next process', async () => {
      const stream = await on.create('settled');
      const acked: number[] = [];
      const handle = async (delivery: Delivery): Promise<void> => {
        await delivery.ack();
        acked.push(delivery.sequence);
      };
      await on.log.publish('settled.a', bytes('1'));
      const first = await on.consume(stream, 10, handle);
      await until('the first', () => acked.length === 1);
      await first.close(CLOSE_MS);
      await on.log.publish('settled.a', bytes('2'));
      await on.consume(stream, 10, handle);
      await until('the second', () => acked.length === 2);
      assert.deepEqual(acked, [1, 2]);
    });

    it('closing waits for the handlers in flight and gives back the rest', async () => {
      const stream = await on.create('close');
      for (let n = 0; n < 10; n += 1) await on.log.publish('close.a', bytes(`${n}`));
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const begun: number[] = [];
      const ended: number[] = [];
      const consumption = await on.consume(stream, 2, async (delivery) => {
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
      await on.consume(stream, 20, async (delivery) => {
        await delivery.ack();
        rest.push(delivery.sequence);
      });
      await until('the rest', () => rest.length === 10 - begun.length);
      assert.deepEqual(
        [...begun, ...rest].toSorted((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      );
    });

    for (const maxInFlight of [1, 64])
      it(`a consumer that is deleted is told and not pulled; made anew, it goes on (${maxInFlight})`, async () => {
        const name = `deleted${maxInFlight}`;
        const stream = await on.create(name);
        const troubles: Error[] = [];
        const seen: string[] = [];
        const consumption = await on.log.consume(
          { stream, consumer: CONSUMER, maxInFlight, onTrouble: (error) => troubles.push(error) },
          async (delivery) => {
            await delivery.ack();
            seen.push(text(delivery.data));
          },
        );
        try {
          const nc = await connect({ servers: on.natsUrl });
          await (await nc.jetstreamManager()).consumers.delete(stream, CONSUMER);
          await nc.close();
          await on.log.publish(`${name}.a`, bytes('1'));
          const trouble = await until('it is told', () => troubles[0]);
          assert.match(trouble.message, /cannot pull DELETED\d+\/reader, trying again: consumer not found/);
          assert.equal(consumption.pulling(), false);
          await on.create(name);
          await until('it goes on', () => seen.length === 1);
          assert.equal(consumption.pulling(), true);
          assert.equal(troubles.length, 1, 'once for one stretch of it');
        } finally {
          await consumption.close(CLOSE_MS);
        }
      });

    it('a message with headers that no client would send is delivered, read and looked up like any other, and holds up nobody', async () => {
      const stream = await on.create('strange');
      const wire = await openWire(on.url, 'anybody', 'x');
      await on.log.publish('strange.a', bytes('before'));
      await wire.publishWith(['no name: x', 'ce-id: 7'], 'strange.a', 'strange');
      wire.close();
      await on.log.publish('strange.a', bytes('behind'));

      const seen: string[] = [];
      await on.consume(stream, 8, async (delivery) => {
        seen.push(text(delivery.data));
        await delivery.ack();
      });
      await until('all three are delivered', () => seen.length >= 3, 20_000);
      assert.deepEqual(seen, ['before', 'strange', 'behind']);
      assert.equal((await on.log.consumerState(stream, CONSUMER)).redelivered, 0);
      assert.deepEqual(await on.all(stream), ['before', 'strange', 'behind']);
      assert.deepEqual((await on.log.get(stream, 2))?.headers, {});
    });

    it('a consumer that is not there is refused', async () => {
      await on.create('nobody', { consumers: [] });
      await assert.rejects(
        on.consume('NOBODY', 1, () => Promise.resolve()),
        LogRefused,
      );
    });
  });
});
