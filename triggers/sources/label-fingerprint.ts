/**
 * The fingerprint that Alertmanager computes for a set of labels: 64 bits of FNV-1a over names and values in order, each followed by a
 * byte that no UTF-8 has. Format: prometheus/common model/signature.go.
 */

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;
const SEPARATOR = 0xff;

/** Sixteen hex digits. Labels without a value are none to Alertmanager either. */
export function labelFingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = OFFSET;
  const add = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  const named = Object.entries(labels).filter(([, value]) => value !== '');
  for (const [name, value] of named.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    for (const text of [name, value]) {
      for (const byte of Buffer.from(text)) add(byte);
      add(SEPARATOR);
    }
  return hash.toString(16).padStart(16, '0');
}
