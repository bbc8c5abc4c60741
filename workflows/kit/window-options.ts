/** How a part of a runbook keeps to a window. */
import type { WindowUse } from './window-use.ts';

export interface WindowOptions {
  /**
   * How long it takes: it begins only while so much of the window is left. With `carryOver`: how long each of its effects takes.
   * A stretch that is shorter is none.
   */
  readonly needMs: number;
  /** So long before the window closes nothing begins any more; on top of `needMs`. Default: 0. */
  readonly cutoffMs?: number;
  /**
   * What happens at the cut-off; no effect begins after it in any case. `finish` (default): effects begin until then, the one in progress goes
   * on to its end, the others wait for the next opening. `carryOver`: the same, but each begins only while `needMs` is left. `cancel`: the
   * effect in progress is cancelled and the run ends as failed, undoing.
   */
  readonly onCutoff?: 'finish' | 'carryOver' | 'cancel';
  /**
   * When it does not open within `waitMs`: end the run as failed (default), act all the same (`run`; never in doubt), or `ask` people: act
   * now, wait for `waitMs` more, or give up. What nobody answers ends the run as failed.
   */
  readonly onNoWindow?: 'fail' | 'run' | 'ask';
  /** Longest wait for an opening; it ends before the run's execution timeout in any case. Default: 35 days. */
  readonly waitMs?: number;
  /** A run that waited begins up to so long after the opening, so that not all begin at once. Default: 15 minutes. */
  readonly jitterMs?: number;
  /** An effect may begin by an answer that is as old as this; then the window is asked about again. Default: 5 minutes. */
  readonly recheckMs?: number;
}

/** A window as a plan tells it. */
export interface PlannedWindow extends Pick<WindowOptions, 'needMs' | 'cutoffMs' | 'onCutoff' | 'onNoWindow'> {
  readonly use: WindowUse;
}

export const plannedWindow = (use: WindowUse, options: WindowOptions): PlannedWindow => {
  const { needMs, cutoffMs = 0, onCutoff = 'finish', onNoWindow = 'fail' } = options;
  return { use, needMs, cutoffMs, onCutoff, onNoWindow };
};

/** Until when an effect may begin, with a cut-off at `end`; all ms since 1970. */
export const lastStart = ({ onCutoff, needMs }: WindowOptions, end: number): number =>
  onCutoff === 'carryOver' ? end - needMs : end;

const HELD_UP_MS = 60_000;

/** As it was before: with `finish`, what the run came to at `asked` could begin for a minute more, whenever that was. */
export function lastStartBefore(options: WindowOptions, end: number, asked: number): number {
  const { onCutoff = 'finish' } = options;
  return onCutoff === 'finish' ? Math.max(end, asked + HELD_UP_MS) : lastStart(options, end);
}
