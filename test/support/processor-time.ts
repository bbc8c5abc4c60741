/**
 * How long a piece of work keeps everybody else waiting, told so that a busy machine does not change it: the clock runs on while others have
 * the processor, and the processor time of a process counts its other threads, so the smaller of both is nearest to what the work has taken.
 */
import assert from 'node:assert/strict';

/** No request may hold up the others for longer. */
export const STALL_MS = 100;
/** A pause to collect garbage may fall into any of them. */
const TRIES = 3;

/** Of work that is done at once. */
export function assertNoStall(what: string, work: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && best > STALL_MS; tries += 1) {
    const since = stopwatch();
    work();
    best = Math.min(best, since());
  }
  assert.ok(best <= STALL_MS, `${what}: ${best} ms without a turn for others, at most ${STALL_MS}`);
}

/** Of work that lets others have their turn: the longest time between two turns. Resolves to it. */
export async function assertNoStallBetweenTurns(what: string, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && best > STALL_MS; tries += 1) best = Math.min(best, await longestStretch(work));
  assert.ok(best <= STALL_MS, `${what}: ${best} ms without a turn for others, at most ${STALL_MS}`);
  return best;
}

async function longestStretch(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  let since = stopwatch();
  const look = (): void => {
    longest = Math.max(longest, since());
    since = stopwatch();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  look();
  return longest;
}

function stopwatch(): () => number {
  const clock = performance.now();
  const processor = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(processor);
    return Math.min(performance.now() - clock, (user + system) / 1_000);
  };
}
