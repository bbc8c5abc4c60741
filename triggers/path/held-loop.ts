/**
 * Looks again and again at what the ledger says is held, and lets go what may. The ledger is the memory: a process that starts anew reads
 * what is held, and two that look at the same start nothing twice.
 */
import type { Logger } from 'pino';
import { LogRefused } from '../nats/errors.ts';
import type { EventRecord } from './disposition.ts';
import { pause } from './pause.ts';
import type { Ledger } from './ports.ts';

export interface HeldLoop {
  start(): void;
  /** What is held, and let go what may; resolves to how many events were put back. Rejects with the errors of the events log. */
  look(): Promise<number>;
  close(): Promise<void>;
}

export interface HeldLoopOptions {
  readonly region: string;
  readonly ledger: Pick<Ledger, 'read'>;
  /** What was held before that, when this process started, is a human's. */
  readonly lookBackMs: number;
  /** Alerts handled, at most. */
  readonly perMinute: number;
  /** A record, oldest first; some come again. */
  readonly note: (record: EventRecord, now: number) => void;
  /** Handles at most so many; resolves to how many events were put back. */
  readonly settle: (most: number) => Promise<number>;
  /** What the log says when some were. */
  readonly putBackBecause: string;
  readonly logger: Logger;
  readonly now: () => number;
}

const LOOK_EVERY_MS = 15_000;
/** Records that are read again at each look: clocks differ, and a record may be stored a moment after it was dated. */
const OVERLAP_MS = 120_000;

export function createHeldLoop(options: HeldLoopOptions): HeldLoop {
  const { region, ledger, logger, now } = options;
  const most = Math.max(1, Math.floor((options.perMinute * LOOK_EVERY_MS) / 60_000));
  const stop = new AbortController();
  let readTo = now() - options.lookBackMs;
  let running: Promise<void> = Promise.resolve();

  const look = async (): Promise<number> => {
    const from = now();
    for await (const record of ledger.read({ since: readTo - OVERLAP_MS }))
      if (record.kind === 'event') options.note(record, from);
    readTo = from;
    return options.settle(most);
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const count = await look();
        if (count > 0) logger.info({ region, count }, `${options.putBackBecause}; held events are put back`);
      } catch (error) {
        // A server that is away comes back by itself, and is told elsewhere; a refusal stays until somebody mends it.
        const level = error instanceof LogRefused ? 'error' : 'debug';
        logger[level]({ err: error, region }, 'what is held cannot be looked at now');
      }
      await pause(LOOK_EVERY_MS, stop.signal);
    }
  };
  return {
    start: () => {
      running = run();
    },
    look,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}
