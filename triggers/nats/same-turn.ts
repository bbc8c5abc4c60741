/**
 * Lets requests leave together, in one write: a write to a socket costs more than a request, on both its ends, and the client flushes
 * after the first of a turn. A request waits until the turn of the event loop is over. Where it may linger, and requests have lately come
 * close upon each other, it waits some milliseconds for the next ones.
 */
/** Mean distance of requests, ms, below which waiting for the next ones pays. */
const BUSY_MS = 3;
/** What a request waits at most, ms. */
const LINGER_MS = 8;
/** So many leave without waiting for more. */
const ENOUGH = 16;
/** Of the newest distance in the mean: a burst of a dozen after a silence is not busy yet. */
const WEIGHT = 0.05;
/** One silence is forgotten after some hundred requests, however long it was. */
const MAX_GAP_MS = 1_000;

interface Turn {
  readonly over: Promise<void>;
  readonly end: () => void;
  waiting: number;
}

/**
 * Of one connection: what it returns resolves when a request that is made now is to leave.
 *
 * @param now monotonic, ms
 */
export function createTurns(lingers: boolean, now: () => number = () => performance.now()): () => Promise<void> {
  let turn: Turn | undefined;
  let meanGapMs = MAX_GAP_MS;
  let lastAt = -Infinity;

  const begin = (): Turn => {
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = () => {
        // Of a turn that was full, and ended, its own timer finds the next one here.
        if (turn?.over === over) turn = undefined;
        resolve();
      };
    });
    if (lingers && meanGapMs < BUSY_MS) setTimeout(end, LINGER_MS);
    else setImmediate(end);
    return { over, end, waiting: 0 };
  };

  return () => {
    const at = now();
    meanGapMs += (Math.min(at - lastAt, MAX_GAP_MS) - meanGapMs) * WEIGHT;
    lastAt = at;
    const mine = (turn ??= begin());
    mine.waiting += 1;
    if (mine.waiting >= ENOUGH) mine.end();
    return mine.over;
  };
}
