import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { createAttempts } from '../../triggers/path/attempts.ts';

const POSITION = { stream: 'EVENTS_EU', sequence: 7, storedAt: 0 };

/** Marks in memory; `earlier` is one that another process has left. */
function given(earlier?: object) {
  let mark: Uint8Array | null = earlier === undefined ? null : Buffer.from(JSON.stringify(earlier));
  const at = (subject: string, data: Uint8Array): StoredMessage => ({
    stream: 'KV',
    subject,
    sequence: 1,
    storedAt: 0,
    headers: {},
    data,
  });
  return createAttempts(
    {
      last: async (_stream, subject) => (mark === null ? null : at(subject, mark)),
      publish: async (_subject, data) => {
        mark = data;
        return { stream: 'KV', sequence: 1, duplicate: false };
      },
    },
    'eu',
  );
}

describe('attempts', () => {
  it('failures are counted one by one, whatever deaths there were', async () => {
    const attempts = given({ deaths: 2, holder: null });
    assert.deepEqual([await attempts.fail(POSITION), await attempts.fail(POSITION)], [1, 2]);
    assert.equal(await attempts.begin(POSITION), 2);
  });

  it('taking a message and giving it back counts neither as a death nor as a failure', async () => {
    const attempts = given();
    for (let time = 0; time < 9; time += 1) {
      assert.equal(await attempts.begin(POSITION), 0);
      await attempts.end(POSITION);
    }
    assert.equal(await attempts.fail(POSITION), 1);
  });

  it('a mark that another process left open is a death, and keeps the failures', async () => {
    const attempts = given({ deaths: 0, failures: 3, holder: 'another process' });
    assert.equal(await attempts.begin(POSITION), 1);
    assert.equal(await attempts.fail(POSITION), 4);
  });
});
