/**
 * Finds out what an effect would call, without calling it: the step's function is given activities that only take notes. What they return
 * is not known, so whoever looks into it ends the plan there.
 */
import { asJson } from './canonical.ts';
import type { PlannedCall } from './plan.ts';

/** Thrown to leave a plan where it depends on what is not known yet; never leaves the kit. */
export class PlanEnds extends Error {
  override readonly name = 'PlanEnds';
}

export interface Recorded {
  readonly calls: readonly PlannedCall[];
  /** Why there may be more calls than these; null when these are all. */
  readonly ends: string | null;
}

/** Nothing happens. Rejects with what the function itself throws. */
export async function recordCalls<Acts>(title: string, call: (on: Acts) => Promise<unknown>): Promise<Recorded> {
  const calls: PlannedCall[] = [];
  const notes = new Proxy(Object.create(null) as object, {
    get: (_target, activity) => async (input: unknown) => {
      calls.push({ activity: String(activity), input: asJson(input) });
      return unknownResult(title);
    },
  });
  try {
    await call(notes as Acts);
    return { calls, ends: null };
  } catch (error) {
    if (error instanceof PlanEnds) return { calls, ends: error.message };
    throw error;
  }
}

/**
 * Stands for what an effect returns. Reading anything of it ends the plan. Whether it is true cannot be asked of a stand-in: an effect
 * whose plain result decides something has to say what a plan assumes.
 */
export const unknownResult = (title: string): unknown =>
  standIn(() => {
    throw new PlanEnds(`what follows depends on what "${title}" returns; say what a plan assumes with \`assumed\``);
  });

/** Whoever reads anything of it gets what `ends` throws. */
export function standIn(ends: () => never): unknown {
  return new Proxy(Object.create(null) as object, {
    // A promise that resolves to it asks for `then`.
    get: (_target, key) => (key === 'then' ? undefined : ends()),
    has: ends,
    ownKeys: ends,
    getOwnPropertyDescriptor: ends,
  });
}
