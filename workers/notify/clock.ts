/** The time that the notifier lives by, given from outside so that hours of it can pass at once. */
import { pause } from '../../triggers/path/pause.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `delayMs`, or at once when the signal aborts. */
  pause(delayMs: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = { now: Date.now, pause };
