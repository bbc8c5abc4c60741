/** The episode book on a JetStream bucket: one message per alert key, read from the leader, changed by compare-and-set. */
import { bookStream, bookSubject } from '../nats/subject.ts';
import type { EventLog } from '../nats/port.ts';
import type { Episode } from './episode.ts';
import { encodeJson } from './json-bytes.ts';
import type { EpisodeBook } from './ports.ts';
import { readRecord } from './read-record.ts';

export function createBook(log: Pick<EventLog, 'last' | 'publish'>, region: string): EpisodeBook {
  const stream = bookStream(region);
  return {
    read: async (alertKey) => {
      const { record, revision } = await readRecord<Episode>(log, stream, bookSubject(region, alertKey));
      return { episode: record, revision };
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
