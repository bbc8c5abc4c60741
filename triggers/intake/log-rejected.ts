/** One line for each request of which something was rejected, however much: who sends thousands of bad items must not fill the disk. */
import type { Logger } from 'pino';
import type { Rejection } from '../sources/source.ts';

export interface RejectedRequest {
  readonly sender: string;
  readonly region: string;
  /** Events of the same request that were stored. */
  readonly stored: number;
  readonly rejected: readonly Pick<Rejection, 'reason' | 'place'>[];
  /** Where its bytes are; null when they were stored nowhere by themselves. */
  readonly rawRef: string | null;
}

/** Messages are left out: they quote what was sent. */
export function logRejected(logger: Logger, { sender, region, stored, rejected, rawRef }: RejectedRequest): void {
  if (rejected.length === 0) return;
  const first = rejected
    .slice(0, MOST_NAMED)
    .map(({ reason, place }) => ({ reason, place: place.slice(0, MOST_PLACE_CHARS) }));
  logger.warn({ sender, region, stored, rejected: rejected.length, first, rawRef }, 'rejected, never an event');
}

const MOST_NAMED = 5;
/** A place has keys of the sender in it. */
const MOST_PLACE_CHARS = 200;
