/** The episode book on a JetStream bucket: one message per alert key, read from the leader, changed by compare-and-set. */
import { bookStream, bookSubject } from '../nats/subject.ts';
import type { EventLog } from '../nats/port.ts';
import type { Episode } from './episode.ts';
import { decodeJson, encodeJson } from './json-bytes.ts';
import type { EpisodeBook } from './ports.ts';

export function createBook(log: Pick<EventLog, 'last' | 'publish'>, region: string): EpisodeBook {
  const stream = bookStream(region);
  return {
    read: async (alertKey) => {
      const stored = await log.last(stream, bookSubject(region, alertKey));
      if (stored === null) return { episode: null, revision: 0 };
      return { episode: decodeJson<Episode>(stored.data), revision: stored.sequence };
    },
    write: async (episode, revision) => {
      const ack = await log.publish(bookSubject(region, episode.alertKey), encodeJson(episode), {
        expectStream: stream,
        expectLastSequence: revision,
      });
      return ack.sequence;
    },
  };
}
