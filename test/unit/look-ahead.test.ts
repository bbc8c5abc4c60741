import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { createLookAhead } from '../../triggers/path/look-ahead.ts';
import { alertEvent, at } from '../support/events.ts';

const BEGIN = Date.parse('2026-01-01T01:00:00Z');
const minute = (count: number): number => BEGIN + count * 60_000;

/** A stream in memory: one message a minute. */
function given(events: readonly (EventOf<unknown> | 'garbage' | { readonly putBack: EventOf<unknown> })[]) {
  const log = { reads: 0, events: [...events] };
  const message = (event: (typeof events)[number], index: number): StoredMessage => ({
    stream: 'EVENTS_EU',
    subject: 'events.eu.urgent.am.x',
    sequence: index + 1,
    storedAt: minute(index + 1),
    headers:
      typeof event === 'object' && 'putBack' in event ? { 'tocsin-redrive-of': JSON.stringify(position(1)) } : {},
    data: Buffer.from(
      event === 'garbage'
        ? '{'
        : JSON.stringify(typeof event === 'object' && 'putBack' in event ? event.putBack : event),
    ),
  });
  const read = async function* ({ since = 0 }: { readonly since?: number }) {
    log.reads += 1;
    for (const each of log.events.map(message)) if (each.storedAt >= since) yield await Promise.resolve(each);
  };
  const create = (max?: number, latest?: () => number) =>
    createLookAhead({ read } as never, 'eu', () => minute(60), latest, max);
  return { log, create };
}

const position = (sequence: number) => at(sequence, minute(sequence));
const firing = (key: string) => alertEvent('firing', { key });
const resolved = (key: string) => alertEvent('resolved', { key });

describe('what is stored behind an event', () => {
  it('is the last word about its alert, whatever lies between', async () => {
    const { create } = given([firing('a'), firing('b'), 'garbage', resolved('a'), firing('c'), firing('b')]);
    const look = create();
    assert.deepEqual(await look.behind(position(1), 'a'), { status: 'resolved', position: position(4) });
    assert.deepEqual(await look.behind(position(2), 'b'), { status: 'firing', position: position(6) });
    assert.equal(await look.behind(position(5), 'c'), null, 'it is the last itself');
    assert.equal(await look.behind(position(6), 'b'), null);
  });

  it('is what happens now by the clock that is further, though the one that is believed is days behind', async () => {
    const days = 3 * 24 * 60;
    const { create } = given([
      firing('a'),
      alertEvent('resolved', { key: 'a', ended: new Date(minute(days)).toISOString() }),
    ]);
    const latest = () => minute(days);
    assert.equal((await create(undefined, latest).behind(position(1), 'a'))?.status, 'resolved');
    assert.equal(await create().behind(position(1), 'a'), null, 'of the future by both');
  });

  it('is not what somebody acknowledged, nor a copy that was put back', async () => {
    const { create } = given([firing('a'), alertEvent('acknowledged', { key: 'a' }), { putBack: firing('a') }]);
    assert.equal(await create().behind(position(1), 'a'), null);
  });

  it('is read once for a backlog, also when many ask at once, and again for what came after', async () => {
    const { log, create } = given([firing('a'), firing('b'), resolved('a')]);
    const look = create();
    await Promise.all([1, 2, 3].map((sequence) => look.behind(position(sequence), 'a')));
    assert.equal(log.reads, 1);
    log.events.push(firing('d'), resolved('d'));
    assert.equal((await look.behind(position(4), 'd'))?.status, 'resolved');
    assert.equal(log.reads, 2);
  });

  it('is unknown for alerts beyond the bound: they are judged by the book alone', async () => {
    const { create } = given([firing('a'), firing('b'), resolved('a'), resolved('b')]);
    const look = create(1);
    assert.equal((await look.behind(position(1), 'a'))?.status, 'resolved');
    assert.equal(await look.behind(position(2), 'b'), null);
  });

  it('a reading that failed is made again', async () => {
    const { create, log } = given([firing('a'), resolved('a')]);
    const look = create();
    const { events } = log;
    log.events = null as never;
    await assert.rejects(look.behind(position(1), 'a'));
    log.events = events;
    assert.equal((await look.behind(position(1), 'a'))?.status, 'resolved');
  });
});
