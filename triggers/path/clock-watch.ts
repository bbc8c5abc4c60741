/**
 * Windows as the clock of this host allows: while it differs from the stream's, or has not been compared with it, every window is closed by
 * doubt. A clock that jumps between two comparisons is seen at once, because the time since the last one also runs monotonically.
 */
import type { Logger } from 'pino';
import { clockDoubt } from '../../activities/calendar/clock-doubt.ts';
import type { EventLog } from '../nats/port.ts';
import type { WindowState, Windows } from './during.ts';
import { pause } from './pause.ts';

export interface ClockWatchOptions {
  readonly log: Pick<EventLog, 'serverState'>;
  readonly stream: string;
  readonly windows: Windows;
  readonly logger: Logger;
  /** Ms since 1970. */
  readonly now?: () => number;
  /** Ms since any moment; never set by anybody. */
  readonly monotonic?: () => number;
}

export interface ClockWatch {
  readonly windows: Windows;
  /** Compares once, which takes a round trip, and every 15 s from then on. Never rejects: what cannot be compared is in doubt. */
  start(): Promise<void>;
  compare(): Promise<void>;
  close(): Promise<void>;
}

const COMPARE_EVERY_MS = 15_000;
/** An older comparison says nothing any more: a clock may have been drifting, or a host may have slept. */
const MAX_AGE_MS = 10 * 60_000;

interface Compared {
  readonly at: number;
  /** Clock of this host less the monotonic one, as both were. */
  readonly wallLessMonotonic: number;
  /** Clock of this host less the server's. Null: the server does not tell its time. */
  readonly aheadMs: number | null;
}

export function createClockWatch(options: ClockWatchOptions): ClockWatch {
  const { log, stream, windows, logger, now = Date.now, monotonic = () => performance.now() } = options;
  const stop = new AbortController();
  let compared: Compared | null = null;
  let running: Promise<void> = Promise.resolve();

  const doubt = (): string | null => {
    if (compared === null || monotonic() - compared.at > MAX_AGE_MS)
      return 'the clock of this host could not be compared with that of the NATS server';
    if (compared.aheadMs === null) return 'the NATS server does not tell its time, expected 2.10 or newer';
    const jumped = now() - monotonic() - compared.wallLessMonotonic;
    return clockDoubt(compared.aheadMs + jumped, 'NATS');
  };
  const compare = async (): Promise<void> => {
    try {
      const { clockAheadMs } = await log.serverState(stream);
      const at = monotonic();
      const aheadMs = clockAheadMs === null ? null : -clockAheadMs;
      compared = { at, wallLessMonotonic: now() - at, aheadMs };
    } catch (error) {
      logger.debug({ err: error, stream }, 'clocks cannot be compared now');
    }
  };
  const run = async (): Promise<void> => {
    for (let last = doubt(); !stop.signal.aborted;) {
      await pause(COMPARE_EVERY_MS, stop.signal);
      await compare();
      const why = doubt();
      if (why !== null && last === null) logger.warn({ stream }, `windows are closed by doubt: ${why}`);
      last = why;
    }
  };
  const closed = (why: string): WindowState => ({ open: false, opensAt: null, why: `closed by doubt: ${why}` });
  return {
    windows: {
      at: (use, where, atMs) => {
        const why = doubt();
        return why === null ? windows.at(use, where, atMs) : closed(why);
      },
    },
    start: async () => {
      await compare();
      running = run();
    },
    compare,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}
