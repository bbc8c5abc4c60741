/**
 * Notices of what is stored: runs that did not complete, from the ledger, and dead letters. A durable consumer keeps the place, shared by
 * the trigger processes of a region: what a process had not told when it died is told by the next one, and no two tell the same record unless one
 * of them was too busy to say that it has it.
 */
import type { Logger } from 'pino';
import type { Consumption, Delivery, EventLog, StoredMessage } from '../../triggers/nats/port.ts';
import { NOTICE_CONSUMER, deadStream, ledgerStream } from '../../triggers/nats/subject.ts';
import type { LedgerRecord } from '../../triggers/path/disposition.ts';
import { readDeadLetter } from '../../triggers/path/dead-letters.ts';
import { decodeJson } from '../../triggers/path/json-bytes.ts';
import type { Notice } from './channel.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Notifier } from './notifier.ts';
import { deadLetterNotice, runNotice } from './run-notices.ts';

export interface StoredNoticesOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'consume'>;
  readonly notifier: Pick<Notifier, 'tell'>;
  /** Of the consumer. */
  readonly ackWaitMs: number;
  /** Where a run can be seen. */
  readonly linkTo: (run: { readonly workflowId: string; readonly runId: string }) => string | null;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface StoredNotices {
  /** Close the notifier first: it answers what is on its way. */
  close(deadlineMs: number): Promise<void>;
}

/** Side by side; the notifier folds and counts. */
const MAX_IN_FLIGHT = 200;
/** Until no channel's failure is tried again. */
const RETRY_MS = 30_000;
/** What is older is history: the ledger has it, nobody is woken for it. */
const MAX_AGE_MS = 86_400_000;
const REOPEN_MS = 5_000;

/** Begins at once, and waits for the log by itself. */
export function startStoredNotices(options: StoredNoticesOptions): StoredNotices {
  const { region, log, logger, clock = systemClock } = options;
  const stop = new AbortController();
  const kinds = [
    { stream: ledgerStream(region), noticeOf: (stored: StoredMessage) => ofLedger(options, stored) },
    {
      stream: deadStream(region),
      noticeOf: (stored: StoredMessage) => deadLetterNotice(region, readDeadLetter(stored)),
    },
  ];
  const openOne = async ({ stream, noticeOf }: (typeof kinds)[number]): Promise<Consumption | null> => {
    const consume = { stream, consumer: NOTICE_CONSUMER, maxInFlight: MAX_IN_FLIGHT };
    const inHand: InHand = new Map();
    while (!stop.signal.aborted) {
      try {
        return await log.consume(consume, (delivery) => handle(options, delivery, noticeOf, inHand));
      } catch (error) {
        logger.warn({ err: error, region, stream }, 'notices wait until their consumer can be read');
        await clock.pause(REOPEN_MS, stop.signal);
      }
    }
    return null;
  };
  const opened = kinds.map(openOne);
  return {
    close: async (deadlineMs) => {
      stop.abort();
      await Promise.all(opened.map(async (consumption) => (await consumption)?.close(deadlineMs)));
    },
  };
}

function ofLedger({ region, linkTo }: StoredNoticesOptions, stored: StoredMessage): Notice | null {
  const record = decodeJson<LedgerRecord>(stored.data);
  return record.kind === 'run' ? runNotice(region, record, linkTo(record)) : null;
}

async function handle(
  { notifier, logger, region, ackWaitMs, clock = systemClock }: StoredNoticesOptions,
  delivery: Delivery,
  noticeOf: (stored: StoredMessage) => Notice | null,
  inHand: InHand,
): Promise<void> {
  const done = new AbortController();
  void keepAlive(delivery, ackWaitMs / 3, clock, done.signal);
  try {
    const notice = clock.now() - delivery.storedAt > MAX_AGE_MS ? null : noticeOf(delivery);
    const told = notice === null || (await once(inHand, delivery.sequence, () => notifier.tell(notice)));
    if (told) await delivery.ack();
    else delivery.nak(RETRY_MS);
  } catch (error) {
    logger.warn({ err: error, region, stream: delivery.stream, sequence: delivery.sequence }, 'notice will come again');
    tryNak(delivery);
  } finally {
    done.abort();
  }
}

/** By sequence, what becomes of a record that waits to be told. */
type InHand = Map<number, Promise<boolean>>;

/** A record comes again when the server has not heard for too long that it is in hand: it is not told beside itself. */
function once(inHand: InHand, sequence: number, tell: () => Promise<boolean>): Promise<boolean> {
  const before = inHand.get(sequence);
  if (before !== undefined) return before;
  const told = tell().finally(() => inHand.delete(sequence));
  inHand.set(sequence, told);
  return told;
}

async function keepAlive(delivery: Delivery, everyMs: number, clock: Clock, done: AbortSignal): Promise<void> {
  for (;;) {
    await clock.pause(everyMs, done);
    if (done.aborted) return;
    try {
      delivery.working();
    } catch {
      // The connection is being rebuilt; it comes again, which costs a repetition at most.
    }
  }
}

function tryNak(delivery: Delivery): void {
  try {
    delivery.nak(RETRY_MS);
  } catch {
    // The connection is gone: the server gives it out again after ack_wait by itself.
  }
}
