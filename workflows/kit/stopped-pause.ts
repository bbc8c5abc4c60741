/** How long a step that the red button refused pauses before it is tried again, should nobody tell its run to go on. */

const FIRST_MS = 30_000;
/** Pauses double up to this, while the history is short. */
const LONGEST_MS = 300_000;
/** A run of many parts, all stopped for days, must not come to the end of its history: Temporal ends it there, and nothing is undone. */
const LONG_HISTORY = 5_000;
const DOUBLES_EVERY = 4_000;

/** `pauses`: how many there were. */
export const stoppedPauseMs = (pauses: number, historyLength: number): number =>
  Math.min(FIRST_MS * 2 ** Math.min(pauses, 30), LONGEST_MS * 2 ** stepsAbove(historyLength));

const stepsAbove = (historyLength: number): number =>
  Math.max(0, Math.ceil((historyLength - LONG_HISTORY) / DOUBLES_EVERY));
