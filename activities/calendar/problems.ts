/** Collects everything that is wrong with a definition, each with its place, so that one look mends it all. */
import { CalendarError, type Problem } from './calendar-error.ts';

export class Problems {
  readonly #found: Problem[] = [];

  /** Notes it, and gives null for what could not be read. */
  add(place: string, message: string): null {
    this.#found.push({ place, message });
    return null;
  }

  /** Runs what throws CalendarError, and notes its problems below `place`; null when it threw. */
  within<T>(place: string, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CalendarError)) throw error;
      const inner = error.problems.length > 0 ? error.problems : [{ place: '', message: error.message }];
      for (const problem of inner) this.add(`${place}${problem.place}`, problem.message);
      return null;
    }
  }

  /** Throws CalendarError when anything was noted. */
  done(code: string): void {
    if (this.#found.length === 0) return;
    const text = this.#found.map(({ place, message }) => `${place || '/'}: ${message}`).join('; ');
    throw new CalendarError(code, text, this.#found);
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One entry may be written without a list. */
export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value];

export function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
  } catch {
    return `a ${typeof value} that JSON cannot hold`; // it is refused all the same
  }
}

/** What is no text becomes one that is refused, and that names the value. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : shown(value));
