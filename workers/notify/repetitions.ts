/**
 * Deduplication by key: the first notice of a key is told at once, what comes again within the dedup time is counted, and the count is
 * told when the time is over. What goes on for an hour is told once per dedup time.
 */
import type { Notice, Told } from './channel.ts';
import type { Clock } from './clock.ts';

export interface RepetitionsOptions {
  readonly dedupMs: number;
  readonly clock: Clock;
  /** Tell a count whose time is over. */
  readonly tell: (told: Told) => void;
  /** Told of each notice that is only counted. */
  readonly suppressed: () => void;
}

export interface Repetitions {
  /** What was told for it; null when it is only counted. */
  offer(notice: Notice): Told | null;
  /** It could not be told after all: the next one of its key is news again. */
  forget(key: string): void;
  /** Tell every count that is still open, and end. */
  close(): void;
}

interface Window {
  readonly until: number;
  readonly latest: Notice;
  readonly repeats: number;
}

/** Keys remembered; beyond it the oldest is told and forgotten early. */
const MAX_KEYS = 5_000;
/** Timers cannot wait for months; after it is looked again. */
const MAX_PAUSE_MS = 3_600_000;

export function createRepetitions({ dedupMs, clock, tell, suppressed }: RepetitionsOptions): Repetitions {
  /** In the order in which they end. */
  const windows = new Map<string, Window>();
  const stop = new AbortController();
  let watching = false;

  const open = (latest: Notice): void => {
    windows.set(latest.key, { until: clock.now() + dedupMs, latest, repeats: 0 });
    if (windows.size > MAX_KEYS) end(windows.values().next().value);
    if (!watching) void watch();
  };
  const end = (window: Window | undefined): boolean => {
    if (window === undefined) return false;
    windows.delete(window.latest.key);
    if (window.repeats > 0) tell({ ...window.latest, repeats: window.repeats });
    return window.repeats > 0;
  };
  const endDue = (): void => {
    for (const window of windows.values()) {
      const leftMs = window.until - clock.now();
      // One with more than its whole time left was opened before the clock was set back.
      if (leftMs > 0 && leftMs <= dedupMs) return;
      if (end(window)) open(window.latest);
    }
  };
  const watch = async (): Promise<void> => {
    watching = true;
    while (!stop.signal.aborted && windows.size > 0) {
      const [first] = windows.values();
      await clock.pause(Math.min((first?.until ?? 0) - clock.now(), MAX_PAUSE_MS), stop.signal);
      if (!stop.signal.aborted) endDue();
    }
    watching = false;
  };
  return {
    offer: (notice) => {
      endDue();
      const window = windows.get(notice.key);
      if (window !== undefined) {
        windows.set(notice.key, { ...window, latest: notice, repeats: window.repeats + 1 });
        suppressed();
        return null;
      }
      open(notice);
      return { ...notice, repeats: 0 };
    },
    forget: (key) => void windows.delete(key),
    close: () => {
      stop.abort();
      for (const window of windows.values()) end(window);
    },
  };
}
