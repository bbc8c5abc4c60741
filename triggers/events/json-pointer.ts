/** JSON Pointers (RFC 6901): where a value stands in a document. */

/** Matches every pointer, the empty one (the whole document) included. */
export const POINTER_PATTERN = '^(/([^~/]|~[01])*)*$';

/** The keys on the way, unescaped. */
export const tokensOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Undefined when there is nothing at this place. Only what the document itself holds is found, never what objects inherit. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const key of tokensOf(pointer)) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
    if (!Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
