/** Waits for something to become true, by looking again and again; the bound is a failure, never a pause. */
import assert from 'node:assert/strict';

const LOOK_EVERY_MS = 50;

/** Resolves to the first value that is neither null, undefined nor false. An error of `look` counts as "not yet". */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 60_000,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await look();
      if (value !== null && value !== undefined && value !== false)
        return value as Exclude<T, null | undefined | false>;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return assert.fail(
    `${what}: not within ${withinMs} ms${last instanceof Error ? `, last error: ${last.message}` : ''}`,
  );
}
