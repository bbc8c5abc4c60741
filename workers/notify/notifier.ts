/**
 * The notifier: tells people what a run, a record or a part cannot tell by itself. It hides channels that are slow, broken or away:
 * whoever notifies never waits and never fails. What it cannot tell it logs and counts; it relies on the log for the whole truth.
 */
import type { Logger } from 'pino';
import type { Channel, Notice } from './channel.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { type LaneOptions, createLane } from './lane.ts';
import { plainNotice } from './plain.ts';
import { createRepetitions } from './repetitions.ts';

export interface NotifierOptions {
  readonly channels: readonly Channel[];
  readonly logger: Logger;
  readonly limits: Pick<LaneOptions, 'perMinute' | 'queue'> & {
    /** Time in which notices with the same key are one, ms. */
    readonly dedupMs: number;
  };
  readonly clock?: Clock;
}

export interface Notifier {
  /** Hands the notice over; never waits, never throws. */
  notify(notice: Notice): void;
  /** Takes no more, sends what waits, and gives up after the bound. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

export function createNotifier({ channels, logger, limits, clock = systemClock }: NotifierOptions): Notifier {
  const closing = new AbortController();
  const deadline = new AbortController();
  const signals = { closing: closing.signal, deadline: deadline.signal };
  const lanes = channels.map((channel) => createLane({ channel, logger, clock, ...limits, ...signals }));
  const repetitions = createRepetitions({
    dedupMs: limits.dedupMs,
    clock,
    tell: (told) => {
      for (const lane of lanes) lane.add(told);
    },
  });
  return {
    notify: (notice) => {
      try {
        if (closing.signal.aborted) logger.warn({ notice }, 'notice came after the notifier was closed');
        else if (lanes.length > 0) repetitions.offer(plainNotice(notice));
      } catch (error) {
        logger.error({ err: error, notice }, 'notice could not be taken');
      }
    },
    close: async (deadlineMs) => {
      repetitions.close();
      closing.abort();
      const drained = new AbortController();
      const late = clock.pause(deadlineMs, drained.signal).then(() => deadline.abort(new Error('the process ends')));
      await Promise.all(lanes.map((lane) => lane.idle()));
      drained.abort();
      await late;
    },
  };
}
