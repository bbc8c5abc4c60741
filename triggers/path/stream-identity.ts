/**
 * Whether the events stream is still the one that the ledger and the dead letters speak of. Both are filed by sequence, and a stream that
 * was made anew counts from 1 again: its events would meet the records of others and be taken for settled.
 */
import type { EventLog } from '../nats/port.ts';
import { deadStream, eventStream, ledgerStream, routeToken } from '../nats/subject.ts';
import { readDeadLetter } from './dead-letters.ts';
import type { EventRecord } from './disposition.ts';
import { decodeJson } from './json-bytes.ts';

/** Streams may be led by servers whose clocks differ by this much. */
const CLOCK_SKEW_MS = 60_000;

type Log = Pick<EventLog, 'next' | 'streamState'>;

/** The streams of the region that speak of an events stream before this one; none when all is well. Rejects with the errors of the events log. */
export async function strangersTo(log: Log, region: string): Promise<readonly string[]> {
  const token = routeToken(region);
  const [{ createdAt }, record, letter] = await Promise.all([
    log.streamState(eventStream(region)),
    log.next(ledgerStream(region), `ledger.${token}.event.>`, 1),
    // What never became an event has another token here, and no sequence.
    log.next(deadStream(region), `dlq.${token}.*.*`, 1),
  ]);
  const isBefore = (storedAt: number): boolean => storedAt + CLOCK_SKEW_MS < createdAt;
  return [
    ...(record !== null && isBefore(decodeJson<EventRecord>(record.data).position.storedAt)
      ? [ledgerStream(region)]
      : []),
    ...(letter !== null && isBefore(readDeadLetter(letter).original.storedAt) ? [deadStream(region)] : []),
  ];
}

/** What happened, and what to do about it. */
export const madeAnew = (region: string, strangers: readonly string[]) => ({
  what: `stream ${eventStream(region)} was made anew, and ${strangers.join(' and ')} still ${strangers.length > 1 ? 'speak' : 'speaks'} of the one before`,
  remedy:
    `bring the old stream back from its backup; or keep a backup of ${strangers.join(' and ')} (nats stream backup), ` +
    'remove it (nats stream rm) and run `tocsin topology --apply`; events are kept meanwhile',
});
