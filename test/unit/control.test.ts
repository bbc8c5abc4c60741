import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogRefused } from '../../triggers/nats/errors.ts';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { createControlStore } from '../../triggers/path/control.ts';
import { encodeJson } from '../../triggers/path/json-bytes.ts';

const DAY_MS = 86_400_000;
const record = encodeJson({
  stops: [{ scope: 'all', why: 'drill', by: 'ann', at: '2026-01-01T00:00:00Z' }],
  changes: [{ at: '', by: 'ann', trigger: null, what: 'all stopped', why: 'drill' }],
});

describe('the control record', () => {
  it('is written again when it has become old, and read all the same by who may not write it', async () => {
    const stored = { data: record, sequence: 7, storedAt: Date.now() - 31 * DAY_MS } as unknown as StoredMessage;
    const expected: (number | undefined)[] = [];
    const store = createControlStore(
      {
        last: () => Promise.resolve(stored),
        get: () => Promise.resolve(null),
        publish: (_subject, _data, options) => {
          expected.push(options?.expectLastSequence);
          return Promise.reject(new LogRefused('not permitted'));
        },
      },
      'eu',
    );
    assert.equal((await store.read()).stops[0]?.scope, 'all');
    assert.deepEqual(expected, [7]);
  });
});
