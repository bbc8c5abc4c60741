/** Whether the clock of this host can be believed about windows, by that of a server. Pure. */

/** Two clocks that differ by more leave in doubt what time it is; a busy process takes some of it. */
const MAX_SKEW_MS = 5 * 60_000;

/** One line for people; null: they agree. `aheadMs`: this host's clock less the server's. */
export const clockDoubt = (aheadMs: number, server: string): string | null =>
  Math.abs(aheadMs) <= MAX_SKEW_MS
    ? null
    : `the clock of this host is ${Math.round(Math.abs(aheadMs) / 60_000)} min ${aheadMs > 0 ? 'ahead of' : 'behind'} that of the ${server} server; one of them is wrong`;
