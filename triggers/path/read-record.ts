/** One record of a region's bucket, read from the leader: an episode, a mark, a count. */
import type { EventLog } from '../nats/port.ts';
import { decodeJson } from './json-bytes.ts';

/** `revision`: for compare-and-set. `nats kv del` leaves an empty message, which is no record and counts as the last one of its subject. */
export async function readRecord<T>(
  log: Pick<EventLog, 'last'>,
  stream: string,
  subject: string,
): Promise<{ readonly record: T | null; readonly revision: number }> {
  const stored = await log.last(stream, subject);
  if (stored === null) return { record: null, revision: 0 };
  return { record: stored.data.length === 0 ? null : decodeJson<T>(stored.data), revision: stored.sequence };
}
