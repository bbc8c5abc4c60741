/**
 * Windows as the clock of this host allows: while it differs from the stream's, or has not been compared with it, every window is closed by
 * doubt.
 */
import { type ComparedClock, type ComparedClockOptions, createComparedClock } from './compared-clock.ts';
import type { WindowState, Windows } from './during.ts';

export interface ClockWatchOptions extends Omit<ComparedClockOptions, 'consequence'> {
  readonly windows: Windows;
}

export interface ClockWatch extends Omit<ComparedClock, 'doubt' | 'earliest'> {
  readonly windows: Windows;
}

export function createClockWatch({ windows, ...options }: ClockWatchOptions): ClockWatch {
  const clock = createComparedClock({ ...options, consequence: 'windows are closed by doubt' });
  const closed = (why: string): WindowState => ({ open: false, opensAt: null, why: `closed by doubt: ${why}` });
  return {
    windows: {
      at: (use, where, atMs) => {
        const why = clock.doubt();
        return why === null ? windows.at(use, where, atMs) : closed(why);
      },
    },
    now: clock.now,
    latest: clock.latest,
    start: clock.start,
    compare: clock.compare,
    close: clock.close,
  };
}
