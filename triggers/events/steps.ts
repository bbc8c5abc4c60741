/**
 * Long work in steps, so that a large request does not hold up everybody else's: the same work is done at once where nobody waits, and in
 * turns where one event loop serves many.
 */

/** Yields between two steps, each of which takes a fraction of a slice. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** What one piece of work may take before others have their turn. */
const SLICE_MS = 10;

export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Work shorter than a slice is done before anything else happens. Rejects with what a step throws. */
export async function inTurns<Result>(
  steps: Steps<Result>,
  now: () => number = () => performance.now(),
): Promise<Result> {
  let until = now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    until = now() + SLICE_MS;
  }
}
