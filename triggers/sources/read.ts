/** Small readers of untyped JSON for sources: each says what is there, and never throws. */

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A non-empty string, else null. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A non-negative integer that a double holds exactly, else null. */
export const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** Null when it is not an object of strings. */
export function labelsOf(value: unknown): Readonly<Record<string, string>> | null {
  if (!isObject(value)) return null;
  return Object.values(value).every((each) => typeof each === 'string') ? (value as Record<string, string>) : null;
}

/** The first of these labels that is there, with its name. */
export function firstLabel(
  labels: Readonly<Record<string, string>>,
  names: readonly string[],
  prefix = 'labels.',
): { readonly value: string; readonly from: string } | null {
  for (const name of names) {
    const value = textOf(Object.hasOwn(labels, name) ? labels[name] : undefined);
    if (value !== null) return { value, from: `${prefix}${name}` };
  }
  return null;
}
