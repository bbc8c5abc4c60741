import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { createBook } from '../../triggers/path/book.ts';
import { emptyEpisode } from '../../triggers/path/open-episode.ts';

const stored = (subject: string, data: string): StoredMessage => ({
  stream: 'KV_EPISODES_EU',
  subject,
  sequence: 9,
  storedAt: 0,
  headers: { 'kv-operation': 'DEL' },
  data: Buffer.from(data),
});

describe('the episode book', () => {
  it('a record that somebody took out with `nats kv del` is none, and the next one takes the place of its marker', async () => {
    const expected: (number | undefined)[] = [];
    const book = createBook(
      {
        last: (_stream, subject) => Promise.resolve(stored(subject, '')),
        publish: (_subject, _data, options) => {
          expected.push(options?.expectLastSequence);
          return Promise.resolve({ stream: 'KV_EPISODES_EU', sequence: 10, duplicate: false });
        },
      },
      'eu',
    );
    const { episode, revision } = await book.read('am:x');
    assert.equal(episode, null);
    await book.write(emptyEpisode('am:x'), revision);
    assert.deepEqual(expected, [9]);
  });
});
