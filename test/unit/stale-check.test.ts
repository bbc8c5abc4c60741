import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { EventRecord, SourceAnswer } from '../../triggers/path/disposition.ts';
import { MessageRefused } from '../../triggers/nats/errors.ts';
import type { PublishOptions } from '../../triggers/nats/port.ts';
import { REDRIVE, redriveOf } from '../../triggers/path/dead-letters.ts';
import { plan } from '../../triggers/path/planner.ts';
import { createStaleCheck } from '../../triggers/path/stale-check.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { alertEvent, at } from '../support/events.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-01-02T00:00:00Z');
const stored = (sequence: number) => at(sequence, START + sequence);
const event = alertEvent('firing');
const key = event.data.alertKey;

const recordOf = (sequence: number, reason: 'stale' | null, effect: 'opened' | 'closed' = 'opened'): EventRecord => ({
  kind: 'event',
  position: stored(sequence),
  event: { id: `${sequence}`, type: event.type, source: event.source, alertKey: key, title: null, labels: {} },
  episode: { effect, generation: 1 },
  dispositions: reason === null ? [] : [{ trigger: 'restart', kind: 'held', reason, detail: 'old' }],
  triggerSet: '',
  recordedAt: '',
  recordedBy: '',
});

type Answer = Omit<SourceAnswer, 'at'> | null | Error;

/** A ledger of these records, and a source that says these answers, the last one for ever. `refused`: sequence of what the log never takes. */
function given(records: EventRecord[], answers: readonly Answer[], generation = 1, refused = 0) {
  const put: PublishOptions[] = [];
  const asked: string[] = [];
  const clock = { now: START + 10 * MINUTE };
  const check = createStaleCheck({
    region: 'eu',
    log: {
      get: (stream, sequence) =>
        Promise.resolve({
          ...stored(sequence),
          stream,
          subject: 's',
          headers: { 'content-type': 'application/cloudevents+json' },
          data: Buffer.from(JSON.stringify(event)),
        }),
      publish: (_subject, _data, options) => {
        if (options?.msgId?.includes(`:${refused}:`) === true) return Promise.reject(new MessageRefused('too large'));
        if (options !== undefined) put.push(options);
        return Promise.resolve({ stream: '', sequence: 0, duplicate: false });
      },
    },
    ledger: {
      read: async function* () {
        for (const record of records) yield await Promise.resolve(record);
      },
    },
    book: {
      read: (alertKey) =>
        Promise.resolve({
          episode: {
            alertKey,
            generation,
            status: 'open',
            openedBy: null,
            lastResolve: null,
            triggers: {},
            writtenAt: 0,
          },
          revision: 1,
        }),
    },
    sources: {
      ask: (source) => {
        asked.push(source);
        const answer = answers[Math.min(asked.length, answers.length) - 1] ?? null;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    perMinute: 600,
    logger: pino({ level: 'silent' }),
    now: () => clock.now,
  });
  return { check, put, asked, clock };
}

const answersOf = (put: readonly PublishOptions[]): (SourceAnswer | null | undefined)[] =>
  put.map(({ headers = {} }) => redriveOf({ headers })?.asked);

describe('an event that was held as too old', () => {
  for (const says of ['fires', 'over'] as const)
    it(`is asked about once, and put back with the answer when its source says "${says}"`, async () => {
      const { check, put, asked } = given([recordOf(1, 'stale')], [{ says, why: 'Zürich says so\r\nx' }]);
      assert.equal(await check.look(), 1);
      assert.equal(await check.look(), 0);
      assert.deepEqual(asked, ['tocsin:/in/am']);
      assert.deepEqual(answersOf(put), [{ says, why: 'Zürich says so\r\nx', at: '2026-01-02T00:10:00.000Z' }]);
      assert.match(put[0]?.headers?.[REDRIVE.asked] ?? '', /^[\x20-\x7e]+$/);
    });

  it('and can never be put back is left for a human, and the others are asked about', async () => {
    const other: EventRecord = { ...recordOf(2, 'stale'), event: { ...recordOf(2, 'stale').event, alertKey: 'other' } };
    const { check, put, asked } = given([recordOf(1, 'stale'), other], [{ says: 'fires', why: '' }], 1, 1);
    assert.equal(await check.look(), 1);
    assert.equal(await check.look(), 0);
    assert.deepEqual([asked.length, put.length], [2, 1]);
  });

  it('is left for a human when its source cannot be asked, it has resolved, or it is of an episode before', async () => {
    const nobody = given([recordOf(1, 'stale')], [null]);
    assert.deepEqual([await nobody.check.look(), nobody.put.length], [0, 0]);
    const resolved = given([recordOf(1, 'stale'), recordOf(2, null, 'closed')], [{ says: 'fires', why: '' }]);
    assert.deepEqual([await resolved.check.look(), resolved.asked.length], [0, 0]);
    const before = given([recordOf(1, 'stale')], [{ says: 'fires', why: '' }], 2);
    assert.deepEqual([await before.check.look(), before.asked.length], [0, 0]);
    const answered: EventRecord = { ...recordOf(1, 'stale'), asked: { says: 'unknown', at: '', why: '' } };
    const human = given([answered], [{ says: 'fires', why: '' }]);
    assert.deepEqual([await human.check.look(), human.asked.length], [0, 0]);
  });

  it('is asked about five times over a quarter of an hour while its source is silent; then a human is told why', async () => {
    const { check, put, asked, clock } = given([recordOf(1, 'stale')], [new Error('connect ECONNREFUSED')]);
    for (let minute = 0; minute < 30; minute += 1) {
      await check.look();
      clock.now += MINUTE;
    }
    assert.equal(asked.length, 5);
    assert.deepEqual(answersOf(put), [
      {
        says: 'unknown',
        at: '2026-01-02T00:25:00.000Z',
        why: 'its source does not answer: connect ECONNREFUSED',
      },
    ]);
  });

  it('is asked about by its newest event', async () => {
    const { check, put } = given([recordOf(1, 'stale'), recordOf(7, 'stale')], [{ says: 'fires', why: '' }]);
    assert.equal(await check.look(), 1);
    assert.equal(put[0]?.msgId, 'put-back:EVENTS_EU:7:restart:asked');
  });
});

describe('what was put back with an answer', () => {
  const outcome = (says: SourceAnswer['says']): string => {
    const { starts, settled } = plan({
      event,
      position: at(1),
      asOf: at(1),
      triggers: [restartServiceTrigger],
      episode: null,
      handledAt: null,
      asked: { says, at: '', why: 'Alertmanager says so' },
      control: NO_CONTROL,
      regionOf: () => 'eu',
      reorderBoundMs: 0,
    });
    const [first] = settled;
    if (starts.length > 0) return 'start';
    return first !== undefined && 'reason' in first ? `${first.kind}(${first.reason})` : (first?.kind ?? 'nothing');
  };
  for (const [says, expected] of [
    ['fires', 'start'],
    ['over', 'ignored(over)'],
    ['unknown', 'held(stale)'],
  ] as const)
    it(`comes to ${expected} when its source says "${says}"`, () => assert.equal(outcome(says), expected));
});
