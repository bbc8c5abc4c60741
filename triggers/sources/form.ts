/** Bodies that are HTML forms: `a=1&b=2`, percent-encoded. Read once for all who ask whose they are, and only when a person may have typed the template. */
import { isUtf8 } from 'node:buffer';

export const FORM = 'application/x-www-form-urlencoded';

/** More than any template names; a body that is nothing but `&` costs no more than to see that. */
const MAX_FIELDS = 1_000;
const known = new WeakMap<Uint8Array, Readonly<Record<string, string>>>();

/** Empty when the bytes are no form. Of equal names the last counts. */
export function formFields(raw: Uint8Array): Readonly<Record<string, string>> {
  const fields = known.get(raw) ?? read(raw);
  known.set(raw, fields);
  return fields;
}

function read(raw: Uint8Array): Readonly<Record<string, string>> {
  if (!isUtf8(raw)) return {};
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8').trim();
  if (!/^[\w%.+~*-]+=/.test(text)) return {};
  const pairs = text.split('&', MAX_FIELDS + 1);
  if (pairs.length > MAX_FIELDS) return {};
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
    }),
  );
}

/** A percent sign that begins no escape stays as it is, as browsers and servers have it. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return new URLSearchParams(`a=${text}`).get('a') ?? '';
  }
}
