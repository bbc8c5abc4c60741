/** Whole numbers that a double cannot hold, as the sender wrote them: the parser has rounded them, the bytes have not. */

/**
 * `value`: what the parser made of the field `key`, wherever it stands. Null when it is no whole number of 0 or more, and when fields of
 * that name that differ only beyond a double's precision leave it open which one was meant.
 */
export function exactDigits(raw: Uint8Array, key: string, value: unknown): string | null {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return null;
  return Number.isSafeInteger(value) ? String(value) : (numbersOf(raw, key).get(value) ?? null);
}

/** Null stands for more than one. */
type Numbers = ReadonlyMap<number, string | null>;

/** A request of thousands of items is read through once for each name, not once for each item. */
const known = new WeakMap<Uint8Array, Map<string, Numbers>>();

function numbersOf(raw: Uint8Array, key: string): Numbers {
  const names = known.get(raw) ?? new Map<string, Numbers>();
  known.set(raw, names);
  const numbers = names.get(key) ?? readNumbers(raw, key);
  names.set(key, numbers);
  return numbers;
}

function readNumbers(raw: Uint8Array, key: string): Numbers {
  // A quote within a text is escaped, so a bare quoted name before a colon is a key. Latin 1: one character for each byte.
  const name = Buffer.from(key).toString('latin1');
  const field = new RegExp(`"${name.replace(/\W/g, '\\$&')}"\\s*:\\s*(\\d{16,40})(?=[\\s,}])`, 'g');
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const numbers = new Map<number, string | null>();
  for (const [, digits = ''] of text.matchAll(field)) {
    const earlier = numbers.get(Number(digits));
    numbers.set(Number(digits), earlier === undefined || earlier === digits ? digits : null);
  }
  return numbers;
}
