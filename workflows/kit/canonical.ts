/** One text for one JSON value, whatever the order of its keys: what is compared, hashed and signed. As RFC 8785 writes it. */

/** The value as JSON carries it: what JSON cannot hold is gone, as it would be on the way to an activity. */
export const asJson = (value: unknown): unknown => {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? null : (JSON.parse(text) as unknown);
};

/** Keys in the order of their UTF-16 code units, no space. The value must be JSON already. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
