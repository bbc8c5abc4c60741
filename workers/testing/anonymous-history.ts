/** A recorded history without what names the machine it was recorded on. */
export function anonymousHistory(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(anonymousHistory);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'stackTrace')
      .map(([key, inner]) => [key, key === 'identity' ? 'recorder' : anonymousHistory(inner)]),
  );
}
