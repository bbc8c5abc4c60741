/**
 * The clock of this host beside the NATS server's: compared now and then, and a clock that jumps in between is seen at once, because the time
 * since the last comparison also runs monotonically.
 */
import type { Logger } from 'pino';
import { clockDoubt } from '../../activities/calendar/clock-doubt.ts';
import type { EventLog } from '../nats/port.ts';
import { pause } from './pause.ts';

export interface ComparedClockOptions {
  readonly log: Pick<EventLog, 'serverState'>;
  readonly stream: string;
  readonly logger: Logger;
  /** What becomes of a doubt, for the log: `windows are closed by doubt`. */
  readonly consequence: string;
  /** Ms since 1970. */
  readonly now?: () => number;
  /** Ms since any moment; never set by anybody. */
  readonly monotonic?: () => number;
}

export interface ComparedClock {
  /** Why this host's clock is not to be believed; null: it is. */
  doubt(): string | null;
  /**
   * Ms since 1970: by the server's clock where this host's was found to differ from it, also long after; else by this host's, so also between a
   * jump and the next comparison: a host that slept has jumped to the right time.
   */
  now(): number;
  /**
   * Ms since 1970: by the clock that is further, of this host's and the server's. Nobody knows which of two is wrong, and of the future is only
   * what lies ahead of both.
   */
  latest(): number;
  /** Ms since 1970: by the one that is behind. What has to have happened by both has happened. */
  earliest(): number;
  /** Compares once, which takes a round trip, and every 15 s from then on; every second while nothing is known. Never rejects. */
  start(): Promise<void>;
  compare(): Promise<void>;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const COMPARE_EVERY_MS = 15_000;
/** An older comparison opens no window any more: a clock may have been drifting. */
const MAX_AGE_MS = 10 * 60_000;

interface Compared {
  readonly at: number;
  /** Clock of this host less the monotonic one, as both were. */
  readonly wallLessMonotonic: number;
  /** Clock of this host less the server's. Null: the server does not tell its time. */
  readonly aheadMs: number | null;
}

export function createComparedClock(options: ComparedClockOptions): ComparedClock {
  const { log, stream, logger, consequence, now = Date.now, monotonic = () => performance.now() } = options;
  const stop = new AbortController();
  let compared: Compared | null = null;
  let running: Promise<void> = Promise.resolve();

  /** By how much this host's clock has moved since the last comparison, beside the time that passed. */
  const jumpedMs = (): number => (compared === null ? 0 : now() - monotonic() - compared.wallLessMonotonic);
  const hasJumped = (): boolean => clockDoubt(jumpedMs(), 'NATS') !== null;
  const doubt = (): string | null => {
    if (compared === null || monotonic() - compared.at > MAX_AGE_MS)
      return 'the clock of this host could not be compared with that of the NATS server';
    if (compared.aheadMs === null) return 'the NATS server does not tell its time, expected 2.10 or newer';
    return clockDoubt(compared.aheadMs + jumpedMs(), 'NATS');
  };
  const compare = async (): Promise<void> => {
    try {
      const { clockAheadMs } = await log.serverState(stream);
      const at = monotonic();
      compared = { at, wallLessMonotonic: now() - at, aheadMs: clockAheadMs === null ? null : -clockAheadMs };
    } catch (error) {
      logger.debug({ err: error, stream }, 'clocks cannot be compared now');
    }
  };
  const run = async (): Promise<void> => {
    let asked = monotonic();
    for (let last = tell(null); !stop.signal.aborted;) {
      await pause(LOOK_EVERY_MS, stop.signal);
      if (compared === null || hasJumped() || monotonic() - asked >= COMPARE_EVERY_MS) {
        await compare();
        asked = monotonic();
      }
      last = tell(last);
    }
  };
  const tell = (last: string | null): string | null => {
    const why = doubt();
    if (why !== null && last === null) logger.warn({ stream }, `${consequence}: ${why}`);
    return why;
  };
  const believed = (): number => {
    const aheadMs = compared?.aheadMs ?? 0;
    return hasJumped() || clockDoubt(aheadMs, 'NATS') === null ? now() : now() - aheadMs - jumpedMs();
  };
  return {
    doubt,
    now: believed,
    latest: () => Math.max(now(), believed()),
    earliest: () => Math.min(now(), believed()),
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
