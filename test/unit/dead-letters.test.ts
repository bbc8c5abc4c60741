import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventLog, StoredMessage } from '../../triggers/nats/port.ts';
import { REDRIVE, createDeadLetters, redriveOf } from '../../triggers/path/dead-letters.ts';
import type { DeadLetters } from '../../triggers/path/ports.ts';

/** Streams in memory: what is published to any subject is stored under the next sequence, at a time of its own. */
function given() {
  const stored: StoredMessage[] = [];
  const log: Pick<EventLog, 'publish' | 'read' | 'get' | 'remove'> = {
    publish: async (subject, data, options = {}) => {
      const sequence = stored.length + 1;
      const stream = options.expectStream ?? '';
      stored.push({ stream, subject, sequence, storedAt: sequence * 1_000, headers: options.headers ?? {}, data });
      return { stream, sequence, duplicate: false };
    },
    read: async function* () {},
    get: async (_stream, sequence) => stored[sequence - 1] ?? null,
    remove: async () => undefined,
  };
  return { letters: createDeadLetters(log, 'eu', () => 99), stored };
}

const bury = (letters: DeadLetters, original: StoredMessage, trigger = 'restart-service'): Promise<void> =>
  letters.bury({ trigger, reason: 'odd', message: 'odd', original, deliveryCount: 4, recordedBy: 'test' });
const event = (headers: Record<string, string> = {}): StoredMessage => ({
  stream: 'EVENTS_EU',
  subject: 'events.eu.urgent.am.x',
  sequence: 7,
  storedAt: 7_000,
  headers,
  data: Buffer.from('{}'),
});
const FIRST = { stream: 'EVENTS_EU', sequence: 7, storedAt: 7_000 };
const BY_OPERATOR = { after: null, trigger: 'restart-service', of: FIRST, by: 'operator', asked: null };

describe('dead letters', () => {
  it('a redriven event says for which trigger it is meant, and where it stood at first', async () => {
    const { letters, stored } = given();
    await bury(letters, event({ 'ce-id': 'a' }));
    await letters.redrive(1);
    const again = stored[1] ?? assert.fail('not put back');
    assert.deepEqual(redriveOf(again), BY_OPERATOR);
    assert.deepEqual([again.subject, again.headers['ce-id']], ['events.eu.urgent.am.x', 'a']);
  });

  it('put back a second time it still says where it stood at first', async () => {
    const { letters, stored } = given();
    await bury(letters, event({ [REDRIVE.asked]: '{"says":"over","at":"","why":""}' }));
    await letters.redrive(1);
    await bury(letters, stored[1] ?? assert.fail('not put back'));
    await letters.redrive(3);
    assert.deepEqual(redriveOf(stored[3] ?? assert.fail('not put back')), BY_OPERATOR);
  });

  it('a header that is none of ours is replaced', async () => {
    const { letters, stored } = given();
    await bury(letters, event({ [REDRIVE.of]: '{"sequence": "1"}' }));
    await letters.redrive(1);
    assert.deepEqual(redriveOf(stored[1] ?? assert.fail('not put back'))?.of, FIRST);
  });

  it('an event with headers without end is buried with some of them: its stream takes only so much more than it had', async () => {
    const { letters, stored } = given();
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`x-${index}`, '1']));
    await bury(letters, event({ 'ce-id': 'a', ...many }));
    const { headers } = stored[0] ?? assert.fail('not buried');
    assert.equal(headers['tocsin-dead-header-ce-id'], 'a');
    assert.ok(Object.keys(headers).length < 1_000, `${Object.keys(headers).length} headers`);
  });
});
