/** A clock that a test moves by hand: pauses end when their time has come, and not before. */
import type { Clock } from '../../workers/notify/clock.ts';

export interface ManualClock extends Clock {
  /** Let time pass, pause by pause, so that what follows from one can begin the next. */
  advance(ms: number): Promise<void>;
  /** Somebody corrects the clock: it shows an earlier time, and pauses last as long as they would have. */
  setBack(ms: number): void;
  /** What is left of each pause now going on, ms, shortest first. */
  pauses(): number[];
}

export function manualClock(start = Date.parse('2026-06-01T12:00:00Z')): ManualClock {
  let time = start;
  const waiting = new Set<{ at: number; readonly end: () => void }>();
  const next = () => [...waiting].toSorted((a, b) => a.at - b.at)[0];
  return {
    now: () => time,
    pause: (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const entry = {
          at: time + Math.max(0, delayMs),
          end: () => {
            waiting.delete(entry);
            signal.removeEventListener('abort', entry.end);
            resolve();
          },
        };
        waiting.add(entry);
        signal.addEventListener('abort', entry.end, { once: true });
      }),
    advance: async (ms) => {
      const end = time + ms;
      await turn();
      for (let due = next(); due !== undefined && due.at <= end; due = next()) {
        time = Math.max(time, due.at);
        due.end();
        await turn();
      }
      time = end;
      await turn();
    },
    setBack: (ms) => {
      time -= ms;
      for (const entry of waiting) entry.at -= ms;
    },
    pauses: () => [...waiting].map(({ at }) => at - time).toSorted((a, b) => a - b),
  };
}

/** Everything that is ready to run has run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
