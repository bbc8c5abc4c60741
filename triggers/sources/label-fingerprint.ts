/**
 * The fingerprint that Alertmanager computes for a set of labels: 64 bits of FNV-1a over names and values in order, each followed by a
 * byte that no UTF-8 has. Format: prometheus/common model/signature.go.
 */

/** 0xcbf29ce484222325 in two halves: 32 bits each, so that their products are exact in a double. */
const [OFFSET_HIGH, OFFSET_LOW] = [0xcbf29ce4, 0x84222325];
/** The prime is 2^40 + 435. */
const PRIME_LOW = 435;
const PRIME_SHIFT = 2 ** 8;
const HALF = 2 ** 32;
const SEPARATOR = Uint8Array.of(0xff);

/** Sixteen hex digits. Labels without a value are none to Alertmanager either. */
export function labelFingerprint(labels: Readonly<Record<string, string>>): string {
  const named = Object.entries(labels).flatMap(([name, value]) =>
    value === '' ? [] : [[Buffer.from(name), Buffer.from(value)] as const],
  );
  let [high, low] = [OFFSET_HIGH, OFFSET_LOW];
  const add = (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      const mixed = (low ^ byte) >>> 0;
      const product = mixed * PRIME_LOW;
      high = (high * PRIME_LOW + Math.floor(product / HALF) + mixed * PRIME_SHIFT) % HALF;
      low = product % HALF;
    }
  };
  for (const pair of named.toSorted(([a], [b]) => Buffer.compare(a, b)))
    for (const bytes of pair) {
      add(bytes);
      add(SEPARATOR);
    }
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}
