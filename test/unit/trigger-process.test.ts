import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { LogRefused, LogUnavailable, MessageRefused } from '../../triggers/nats/errors.ts';
import type { Delivery, EventLog } from '../../triggers/nats/port.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { EngineUnavailable } from '../../triggers/path/engine.ts';
import type { Episode } from '../../triggers/path/episode.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import { REDRIVE } from '../../triggers/path/dead-letters.ts';
import type { Engine } from '../../triggers/path/ports.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { alertEvent } from '../support/events.ts';
import { until } from '../support/until.ts';

const RECORD: Omit<EventRecord, 'position'> = {
  kind: 'event',
  event: { id: 'x', type: '', source: '', alertKey: null, title: null, labels: {} },
  episode: null,
  dispositions: [],
  triggerSet: '',
  recordedAt: '',
  recordedBy: '',
};

/** A trigger process on ports in memory, given one delivery; `start` is what Temporal does. */
function given(
  delivery: {
    readonly deliveryCount: number;
    readonly headers?: Record<string, string>;
    /** How often handling it has failed before. */
    readonly failures?: number;
    readonly status?: 'firing' | 'resolved';
    /** How many processes have died on it. */
    readonly deaths?: number;
    /** Its record is stored. */
    readonly recorded?: boolean;
    /** By how much the clock of the server that stored it is behind. */
    readonly behindMs?: number;
    /** When it began to be sick. */
    readonly started?: string;
    /** What stands in the book. */
    readonly episode?: Episode;
  },
  start: Engine['start'],
) {
  const seen = {
    acked: 0,
    naks: [] as number[],
    records: [] as EventRecord[],
    letters: [] as string[],
    opened: 0,
    marks: 0,
    failures: delivery.failures ?? 0,
  };
  let episode: Episode | null = delivery.episode ?? null;
  let revision = 0;
  const message: Delivery = {
    stream: 'EVENTS_EU',
    subject: 'events.eu.urgent.am.x',
    sequence: 7,
    storedAt: Date.now() - (delivery.behindMs ?? 0),
    headers: delivery.headers ?? {},
    data: Buffer.from(
      JSON.stringify(
        alertEvent(delivery.status ?? 'firing', delivery.started === undefined ? {} : { started: delivery.started }),
      ),
    ),
    deliveryCount: delivery.deliveryCount,
    ack: () => Promise.resolve(void (seen.acked += 1)),
    nak: (delayMs) => void seen.naks.push(delayMs),
    working: () => undefined,
  };
  let given = false;
  const log = {
    consume: (_options: unknown, handle: (each: Delivery) => Promise<void>) => {
      seen.opened += 1;
      if (!given) {
        given = true;
        void handle(message);
      }
      return Promise.resolve({ pulling: () => true, close: () => Promise.resolve() });
    },
  } as unknown as EventLog;
  const process = createTriggerProcess({
    region: 'eu',
    regions: ['eu'],
    log,
    book: {
      read: () => Promise.resolve({ episode, revision }),
      write: (next) => {
        episode = next;
        return Promise.resolve((revision += 1));
      },
    },
    ledger: {
      find: (_identity, position) => Promise.resolve(delivery.recorded === true ? { ...RECORD, position } : null),
      record: (record) => Promise.resolve((seen.records.push(record), 'recorded' as const)),
      recordRun: () => Promise.resolve('recorded'),
      read: async function* () {},
      probe: () => Promise.resolve(),
    },
    deadLetters: {
      bury: ({ reason }) => Promise.resolve(void seen.letters.push(reason)),
      list: async function* () {},
      show: () => Promise.resolve(null),
      redrive: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    },
    attempts: {
      begin: () => Promise.resolve(delivery.deaths ?? 0),
      end: () => Promise.resolve(void (seen.marks += 1)),
      fail: () => Promise.resolve((seen.failures += 1)),
    },
    control: { read: () => Promise.resolve(NO_CONTROL) },
    engine: {
      start,
      signalResolved: () => Promise.resolve(true),
      signalEvent: () => Promise.resolve(true),
      ping: () => Promise.resolve(),
    },
    triggers: [restartServiceTrigger],
    options: { reorderBoundMs: 1_000, maxInFlight: 8, ackWaitMs: 30_000 },
    instance: 'test',
    now: () => Date.now() - (delivery.behindMs ?? 0),
    latest: Date.now,
    logger: pino({ level: 'silent' }),
  });
  process.start();
  return { seen, episode: () => episode, close: () => process.close(5_000) };
}

describe('trigger process', () => {
  it('an error that no absence explains gives the event back, and the others go on', async () => {
    const { seen, close } = given({ deliveryCount: 1 }, () => Promise.reject(new Error('odd')));
    await until('given back', () => seen.naks.length === 1);
    assert.equal(seen.opened, 2, 'pulling went on');
    assert.deepEqual([seen.acked, seen.letters], [0, []]);
    await close();
  });

  it('the same error again and again buries the event with its reason, and forgets what was decided for it', async () => {
    const { seen, episode, close } = given({ deliveryCount: 4, failures: 3 }, () => Promise.reject(new Error('odd')));
    await until('acknowledged', () => seen.acked === 1);
    assert.deepEqual(seen.letters, ['cannot-be-handled']);
    const [disposition] = seen.records[0]?.dispositions ?? [];
    assert.ok(disposition?.kind === 'dead');
    assert.deepEqual([disposition.reason, disposition.message], ['cannot-be-handled', 'odd']);
    assert.deepEqual(episode()?.triggers, {});
    await close();
  });

  it('what killed processes is buried; when only its acknowledgement was missing, it is not', async () => {
    const killer = given({ deliveryCount: 7, deaths: 3 }, () => assert.fail('started'));
    await until('acknowledged', () => killer.seen.acked === 1);
    assert.deepEqual(killer.seen.letters, ['kills-process']);
    await killer.close();
    const settled = given({ deliveryCount: 7, deaths: 3, recorded: true }, () => assert.fail('started'));
    await until('acknowledged', () => settled.seen.acked === 1);
    assert.deepEqual(settled.seen.letters, []);
    await settled.close();
  });

  it('an event that outages gave back many times has its tries still to come', async () => {
    const { seen, close } = given({ deliveryCount: 90 }, () => Promise.reject(new Error('odd')));
    await until('given back', () => seen.naks.length === 1);
    assert.deepEqual([seen.acked, seen.letters, seen.failures], [0, [], 1]);
    await close();
  });

  it('one that meets a record of the book that is none is buried as well', async () => {
    const garbled = { error: { code: 404 } } as unknown as Episode;
    const { seen, close } = given({ deliveryCount: 4, failures: 3, episode: garbled }, () => assert.fail('started'));
    await until('acknowledged', () => seen.acked === 1);
    assert.deepEqual([seen.letters, seen.records.length], [['cannot-be-handled'], 1]);
    await close();
  });

  it('what the log will never take of this very message is counted like any failure', async () => {
    const { seen, close } = given({ deliveryCount: 1 }, () => Promise.reject(new MessageRefused('too large')));
    await until('given back', () => seen.naks.length === 1);
    assert.deepEqual([seen.failures, seen.opened], [1, 2]);
    await close();
  });

  for (const error of [new EngineUnavailable('away'), new LogUnavailable('away'), new LogRefused('not permitted')])
    it(`${error.name} pauses pulling, however often the event has come`, async () => {
      const { seen, close } = given({ deliveryCount: 9 }, () => Promise.reject(error));
      await until('pulling is opened anew after a pause', () => seen.opened === 4);
      assert.deepEqual([seen.acked, seen.letters, seen.marks, seen.failures], [0, [], 1, 0]);
      await close();
    });

  it('a header that is none of ours does not make an event one that was put back', async () => {
    const started = Promise.resolve({ kind: 'started' as const, runId: 'r' });
    for (const text of ['garbage', '{}', '{"stream":1}', '[]', '"x"']) {
      const { seen, close } = given({ deliveryCount: 1, headers: { 'tocsin-redrive-of': text } }, () => started);
      await until('recorded', () => seen.records.length === 1);
      assert.equal(seen.records[0]?.dispositions[0]?.kind, 'started', text);
      await close();
    }
  });

  it('put back for a trigger that is gone it is buried again, and not lost', async () => {
    const of = JSON.stringify({ stream: 'EVENTS_EU', sequence: 1, storedAt: 1 });
    const headers = { [REDRIVE.of]: of, [REDRIVE.trigger]: 'renamed' };
    const { seen, close } = given({ deliveryCount: 1, headers }, () => assert.fail('started'));
    await until('acknowledged', () => seen.acked === 1);
    assert.deepEqual(seen.letters, ['trigger-gone']);
    assert.equal(seen.records[0]?.dispositions[0]?.trigger, 'renamed');
    await close();
  });

  it('a header cannot place an event after itself: a resolve of the future would mute its alert', async () => {
    const of = JSON.stringify({ stream: 'EVENTS_EU', sequence: 1e12, storedAt: 1e15 });
    const resolve = { deliveryCount: 1, status: 'resolved', headers: { [REDRIVE.of]: of } } as const;
    const { seen, episode, close } = given(resolve, () => assert.fail('started'));
    await until('acknowledged', () => seen.acked === 1);
    assert.equal(episode()?.lastResolve?.by.sequence, 7);
    await close();
  });

  for (const [behindMs, by] of [
    [3_600_000, 'an hour'],
    [3 * 86_400_000, 'three days'],
  ] as const)
    it(`an alert of now starts its run though the clock of NATS is ${by} behind, and its record says so`, async (t) => {
      const delivery = { deliveryCount: 1, behindMs, started: new Date().toISOString() };
      const { seen, close } = given(delivery, () => Promise.resolve({ kind: 'started', runId: 'r' }));
      t.after(close);
      await until('acknowledged', () => seen.acked === 1);
      assert.deepEqual(seen.letters, []);
      const [{ event, dispositions } = assert.fail()] = seen.records;
      assert.deepEqual(
        dispositions.map(({ kind }) => kind),
        ['started'],
      );
      assert.ok(Math.abs((event.aheadMs ?? 0) - behindMs) < 60_000, String(event.aheadMs));
    });
});
