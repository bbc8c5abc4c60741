/**
 * Looks again and again at what no event and no run tells: lag, clocks, zone data, readiness. What holds is offered to the notifier at each
 * look, which tells it once per dedup time. A look that fails or hangs does not hold up the others.
 */
import type { Logger } from 'pino';
import type { Notice } from './channel.ts';
import { type Clock, systemClock } from './clock.ts';

export interface Look {
  readonly name: string;
  /** One notice for each matter that holds now. */
  look(): Promise<readonly Notice[]>;
}

export interface WatchOptions {
  readonly looks: readonly Look[];
  readonly everyMs: number;
  readonly notify: (notice: Notice) => void;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface Watch {
  close(): Promise<void>;
}

/** Bound on one look. */
const LOOK_MS = 20_000;

/** Looks at once, then every `everyMs`. */
export function createWatch({ looks, everyMs, notify, logger, clock = systemClock }: WatchOptions): Watch {
  const stop = new AbortController();
  const lookOnce = async ({ name, look }: Look): Promise<void> => {
    const done = new AbortController();
    const late = clock
      .pause(LOOK_MS, AbortSignal.any([done.signal, stop.signal]))
      .then(() => Promise.reject(new Error(`no answer within ${LOOK_MS} ms`)));
    late.catch(() => undefined);
    try {
      const notices = await Promise.race([look(), late]);
      if (!stop.signal.aborted) for (const notice of notices) notify(notice);
    } catch (error) {
      // The server that is away is told by readiness and by the heartbeat.
      if (!stop.signal.aborted) logger.debug({ err: error, look: name }, 'could not look');
    } finally {
      done.abort();
    }
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await Promise.all(looks.map(lookOnce));
      await clock.pause(everyMs, stop.signal);
    }
  };
  const running = run();
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}
