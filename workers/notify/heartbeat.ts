/** Heartbeat for a dead man's switch outside: it is called only while we are healthy, so its alarm needs nothing of ours to work. */
import type { Logger } from 'pino';
import { type Clock, systemClock } from './clock.ts';

export interface HeartbeatOptions {
  /** Often a secret: logs name its host only. */
  readonly url: URL;
  readonly everyMs: number;
  /** A rejection, and no answer within 10 s, count as no. */
  readonly healthy: () => Promise<boolean>;
  readonly logger: Logger;
  /** Told at every beat that is missed after another one. */
  readonly onSilent?: (why: string) => void;
  readonly clock?: Clock;
}

export interface Heartbeat {
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** Begins at once. */
export function createHeartbeat({
  url,
  everyMs,
  healthy,
  logger,
  onSilent,
  clock = systemClock,
}: HeartbeatOptions): Heartbeat {
  const stop = new AbortController();
  let beating = true;

  const beat = async (): Promise<void> => {
    const why = await silence(url, healthy, clock, stop.signal);
    if (stop.signal.aborted) return;
    // Logged once per change, not once per beat.
    if (why !== null && beating) logger.warn({ host: url.host, why }, 'no heartbeat');
    if (why === null && !beating) logger.info({ host: url.host }, 'heartbeat again');
    if (why !== null && !beating) onSilent?.(why);
    beating = why === null;
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await beat();
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

/** Why there was no heartbeat; null when there was one. */
async function silence(
  url: URL,
  healthy: () => Promise<boolean>,
  clock: Clock,
  stop: AbortSignal,
): Promise<string | null> {
  const done = new AbortController();
  const late = new AbortController();
  const over = clock.pause(TIMEOUT_MS, AbortSignal.any([done.signal, stop])).then(() => late.abort());
  try {
    const well = await Promise.race([healthy(), over.then(() => false)]);
    if (!well) return 'not healthy';
    const response = await fetch(url, { redirect: 'follow', signal: late.signal });
    await response.body?.cancel();
    return response.ok ? null : `answered ${response.status}`;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return `no answer: ${cause?.code ?? (error instanceof Error ? error.name : 'unknown reason')}`;
  } finally {
    done.abort();
  }
}
