/** A resolve that is handled after a firing that was stored behind it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { Delivery } from '../../triggers/nats/port.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import { createDispatcher } from '../../triggers/path/dispatcher.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import type { Episode } from '../../triggers/path/episode.ts';
import { createOvertaken } from '../../triggers/path/overtaken.ts';
import type { Ledger } from '../../triggers/path/ports.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { alertEvent } from '../support/events.ts';

const REORDER_BOUND_MS = 10_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const instant = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

type Alert = ReturnType<typeof alertEvent>;
const firing = (started: number): Alert => alertEvent('firing', { started: instant(started) });
const resolved = (ended: number): Alert => alertEvent('resolved', { started: instant(0), ended: instant(ended) });

/** A dispatcher on ports in memory. Message `n` of the stream is stored at second `n`. */
function given() {
  const stream: Omit<Delivery, 'deliveryCount' | 'ack' | 'nak' | 'working'>[] = [];
  const records: EventRecord[] = [];
  const started: string[] = [];
  let episode: Episode | null = null;
  const store = (data: Uint8Array, headers: Readonly<Record<string, string>> = {}): number => {
    const sequence = stream.length + 1;
    const subject = 'events.eu.urgent.am.x';
    stream.push({ stream: 'EVENTS_EU', subject, sequence, storedAt: START + sequence * 1_000, headers, data });
    return sequence;
  };
  const message = (sequence: number) => stream[sequence - 1] ?? assert.fail(`no message ${sequence}`);
  const log = {
    get: (_stream: string, sequence: number) => Promise.resolve(message(sequence)),
    publish: (_subject: string, data: Uint8Array, { headers = {} } = {}) =>
      Promise.resolve({ stream: 'EVENTS_EU', sequence: store(data, headers), duplicate: false }),
  };
  const ledger: Ledger = {
    find: () => Promise.resolve(null),
    record: (record) => Promise.resolve((records.push(record), 'recorded' as const)),
    recordRun: () => Promise.resolve('recorded'),
    read: async function* () {
      yield* records;
    },
    probe: () => Promise.resolve(),
  };
  const now = () => START + stream.length * 1_000;
  const dispatcher = createDispatcher({
    region: 'eu',
    regions: ['eu'],
    triggers: [restartServiceTrigger],
    book: {
      read: () => Promise.resolve({ episode, revision: 1 }),
      write: (next) => Promise.resolve(((episode = next), 1)),
    },
    ledger,
    deadLetters: {
      bury: () => Promise.resolve(),
      list: async function* () {},
      show: () => Promise.resolve(null),
      redrive: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    },
    engine: {
      start: ({ workflowId }) => Promise.resolve((started.push(workflowId), { kind: 'started', runId: 'r' })),
      signalResolved: () => Promise.resolve(true),
      signalEvent: () => Promise.resolve(true),
      ping: () => Promise.resolve(),
    },
    reorderBoundMs: REORDER_BOUND_MS,
    control: () => NO_CONTROL,
    putBackOvertaking: createOvertaken({ region: 'eu', log, ledger, logger: pino({ level: 'silent' }), now }),
    instance: 'test',
    now,
  });
  const handle = async (sequence: number, deliveryCount = 1): Promise<EventRecord> => {
    const ended = { ack: () => Promise.resolve(), nak: () => undefined, working: () => undefined };
    return dispatcher.dispatch(dispatcher.receive({ ...message(sequence), deliveryCount, ...ended }));
  };
  const send = (event: Alert): number => store(Buffer.from(JSON.stringify(event)));
  return { send, handle, stream, started, episode: () => episode };
}

describe('a resolve that comes after a newer firing', () => {
  for (const [why, deliveryCount, later] of [
    ['given out again', 2, 0],
    ['that waited in its lane', 1, 5],
  ] as const)
    it(`${why}: the firing is put back, and starts its run in the next episode`, async () => {
      const { send, handle, stream, started, episode } = given();
      await handle(send(firing(0)));
      const resolve = send(resolved(1));
      await handle(send(firing(2)));
      assert.equal(started.length, 1, 'the second firing has joined');
      for (let other = 0; other < later; other += 1) send(alertEvent('firing', { key: `other-${other}` }));
      const before = stream.length;
      await handle(resolve, deliveryCount);
      assert.equal(episode()?.status, 'closed');
      assert.equal(stream.length, before + 1);
      const copy = await handle(stream.length);
      assert.deepEqual([copy.dispositions[0]?.kind, copy.episode], ['started', { effect: 'opened', generation: 2 }]);
      assert.equal(started.length, 2);
      assert.deepEqual([episode()?.status, episode()?.generation], ['open', 2]);
    });

  it('a resolve that was stored before the firing was put back closes the episode that it opens', async () => {
    const { send, handle, stream, episode } = given();
    await handle(send(firing(0)));
    const resolve = send(resolved(1));
    await handle(send(firing(2)));
    const last = send(resolved(4));
    await handle(resolve, 2);
    await handle(stream.length);
    assert.deepEqual([episode()?.status, episode()?.generation], ['open', 2]);
    await handle(last);
    assert.deepEqual([episode()?.status, episode()?.generation], ['closed', 2]);
  });

  it('a firing that says nothing newer stays superseded, as it would have been in its turn', async () => {
    const { send, handle, stream, started, episode } = given();
    await handle(send(firing(0)));
    const resolve = send(resolved(1));
    await handle(send(firing(0)));
    await handle(resolve, 2);
    const copy = await handle(stream.length);
    assert.deepEqual(copy.dispositions, [{ trigger: restartServiceTrigger.id, kind: 'ignored', reason: 'superseded' }]);
    assert.deepEqual([started.length, episode()?.status], [1, 'closed']);
  });

  it('nothing is put back by a resolve in its turn, nor for a firing before it', async () => {
    const { send, handle, stream } = given();
    await handle(send(firing(0)));
    await handle(send(firing(0)));
    await handle(send(resolved(1)), 2);
    assert.equal(stream.length, 3);
  });

  it('a firing that has started a run itself is not put back: one event is one run', async () => {
    const { send, handle, stream } = given();
    await handle(send(alertEvent('firing', { name: 'Other' })));
    const resolve = send(resolved(1));
    const record = await handle(send(firing(2)));
    assert.deepEqual([record.dispositions[0]?.kind, record.episode?.effect], ['started', 'joined']);
    await handle(resolve, 2);
    assert.equal(stream.length, 3);
  });
});
