/** Epoch times as senders write them (numbers or digit strings, in seconds, milliseconds, microseconds or nanoseconds) become RFC 3339 text in UTC. */

/** Null when it is no such number. A fraction of a second is kept to the nanosecond. */
export const epochSeconds = (value: unknown): string | null => epochText(value, 0);
export const epochMillis = (value: unknown): string | null => epochText(value, 3);
export const epochMicros = (value: unknown): string | null => epochText(value, 6);
export const epochNanos = (value: unknown): string | null => epochText(value, 9);

/** By its size: from the year 1973 to 5138 no two units write the same number. Zero is the same in each; null for all else. */
export function epochOfAnyUnit(value: unknown): string | null {
  const digits = /^(\d{9,20})(?:\.\d+)?$/.exec(textOf(value))?.[1]?.length ?? 0;
  if (digits < 9) return textOf(value) === '0' ? epochSeconds(0) : null;
  return epochText(value, digits <= 11 ? 0 : digits <= 14 ? 3 : digits <= 17 ? 6 : 9);
}

/** The last second of the year 9999. */
const LAST_SECOND = 253_402_300_799n;

/** `digits`: how many digits of the whole number stand behind the second. Digits are moved as text: a double would round them. */
function epochText(value: unknown, digits: number): string | null {
  const match = /^(\d{1,21})(?:\.(\d{1,20}))?$/.exec(textOf(value));
  if (match === null) return null;
  const [, whole = '', rest = ''] = match;
  const padded = whole.padStart(digits + 1, '0');
  const cut = padded.length - digits;
  const seconds = BigInt(padded.slice(0, cut));
  if (seconds > LAST_SECOND) return null;
  const fraction = (padded.slice(cut) + rest).slice(0, 9).replace(/0+$/, '');
  const iso = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  return `${iso}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** An object may have no text at all. */
const textOf = (value: unknown): string =>
  typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
