/** An events log in memory: it takes everything, and says what it was given. */
import type { PubAck } from '../../triggers/nats/port.ts';

export interface RecordingLog {
  publish(subject: string): Promise<PubAck>;
  /** Subjects of all that was stored, in order: events, and bytes of requests. */
  readonly stored: readonly string[];
  /** Of these the events. */
  events(): number;
}

export function recordingLog(): RecordingLog {
  const stored: string[] = [];
  return {
    stored,
    events: () => stored.filter((subject) => subject.startsWith('events.')).length,
    publish: (subject) => {
      stored.push(subject);
      return Promise.resolve({ stream: 'EVENTS_EU', sequence: stored.length, duplicate: false });
    },
  };
}
