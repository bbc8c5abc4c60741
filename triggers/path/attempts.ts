/**
 * Counts process deaths and failures per message (R5). A mark is open while a process holds the message; finding it open on the next
 * delivery means that its holder died. Only messages that came back several times or failed are marked, so the normal path pays nothing.
 */
import { randomUUID } from 'node:crypto';
import type { EventLog } from '../nats/port.ts';
import { bookBucket, bookStream } from '../nats/subject.ts';
import type { Position } from './disposition.ts';
import { encodeJson } from './json-bytes.ts';
import type { Attempts } from './ports.ts';
import { readRecord } from './read-record.ts';

interface Mark {
  readonly deaths: number;
  /** Absent in marks of earlier versions. */
  readonly failures?: number;
  /** The process that has the message in hand; null when it was given back. */
  readonly holder: string | null;
}

/** This process. A mark of its own that is still open was left by an outage, not by a death. */
const SELF = randomUUID();

export function createAttempts(log: Pick<EventLog, 'last' | 'publish'>, region: string): Attempts {
  // Two tokens after the bucket: an alert key is always one, so the two never meet.
  const subject = (position: Position): string => `$KV.${bookBucket(region)}.attempts.${position.sequence}`;
  const mark = async (position: Position): Promise<Mark> => {
    const { record } = await readRecord<Mark>(log, bookStream(region), subject(position));
    return record ?? { deaths: 0, holder: null };
  };
  const write = (position: Position, next: Mark): Promise<unknown> => log.publish(subject(position), encodeJson(next));
  return {
    begin: async (position) => {
      const before = await mark(position);
      const deaths = before.deaths + (before.holder === null || before.holder === SELF ? 0 : 1);
      await write(position, { ...before, deaths, holder: SELF });
      return deaths;
    },
    end: async (position) => {
      await write(position, { ...(await mark(position)), holder: null });
    },
    fail: async (position) => {
      const before = await mark(position);
      const failures = (before.failures ?? 0) + 1;
      await write(position, { ...before, failures });
      return failures;
    },
  };
}
