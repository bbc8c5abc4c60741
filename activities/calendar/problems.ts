/** Collects everything that is wrong with a definition, each with its place, so that one look mends it all. */
import { CalendarError } from './calendar-error.ts';

export interface Problem {
  /** JSON Pointer into the definition. */
  readonly place: string;
  readonly message: string;
}

export class Problems {
  readonly #found: Problem[] = [];

  /** Notes it, and gives null for what could not be read. */
  add(place: string, message: string): null {
    this.#found.push({ place, message });
    return null;
  }

  /** Throws CalendarError when anything was noted. */
  done(code: string): void {
    if (this.#found.length === 0) return;
    throw new CalendarError(code, this.#found.map(({ place, message }) => `${place || '/'}: ${message}`).join('; '));
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One entry may be written without a list. */
export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [value];

export const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
