/**
 * Bytes from outside become a JSON value, or a reason why not. Refuses before anything uses the result: bad UTF-8, too deep, duplicate
 * or prototype keys, numbers that do not survive. `JSON.parse` alone accepts all of these.
 */

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: JsonProblem; readonly place: string };

export type JsonProblem =
  | 'empty-body'
  | 'not-utf8'
  | 'not-json'
  | 'too-deep'
  | 'duplicate-key'
  | 'forbidden-key'
  | 'number-out-of-range'
  | 'lone-surrogate';

/** Deeper documents parse, but overflow the stack of whoever serialises them again. */
export const MAX_DEPTH = 64;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Never throws. `place` is a JSON Pointer to the nearest enclosing value. */
export function parseJson(bytes: Uint8Array): ParsedJson {
  if (bytes.length === 0) return refuse('empty-body');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse('not-utf8');
  }
  const deep = tooDeep(text);
  if (deep) return refuse('too-deep');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('not-json');
  }
  return scanKeys(text) ?? scanValue(value) ?? { ok: true, value };
}

const refuse = (reason: JsonProblem, place = ''): Extract<ParsedJson, { ok: false }> => ({ ok: false, reason, place });

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Counts brackets outside strings, without recursion: it runs before the parser may. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
  }
  return false;
}

/** Keys as written, because the parser keeps only the last of two equal ones. The text is valid JSON here. */
function scanKeys(text: string): Extract<ParsedJson, { ok: false }> | null {
  const open: (Set<string> | null)[] = [];
  const path: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === OPEN_OBJECT) open.push(new Set());
    else if (code === OPEN_ARRAY) open.push(null);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop();
      path.length = Math.min(path.length, open.length);
    } else if (code === QUOTE) {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keys !== null && keys !== undefined && isKey(text, end)) {
        const key = unquoted(text, i, end);
        if (keys.has(key) || FORBIDDEN_KEYS.has(key)) {
          const place = pointer([...path.slice(0, open.length - 1), key]);
          return refuse(keys.has(key) ? 'duplicate-key' : 'forbidden-key', place);
        }
        keys.add(key);
        path[open.length - 1] = key;
      }
      i = end;
    }
  }
  return null;
}

/** The text of a string token; escapes are rare, so the parser is asked only when there are some. */
function unquoted(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end);
  return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner;
}

function scanValue(value: unknown): Extract<ParsedJson, { ok: false }> | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : refuse('number-out-of-range');
  if (typeof value === 'string') return value.isWellFormed() ? null : refuse('lone-surrogate');
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = key.isWellFormed() ? scanValue(inner) : refuse('lone-surrogate');
    if (found !== null) return { ...found, place: key.isWellFormed() ? `/${escape(key)}${found.place}` : '' };
  }
  return null;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i += 1;
  }
  return i;
}

function isKey(text: string, end: number): boolean {
  let i = end + 1;
  // Between a key and its colon JSON allows only these, all below `!`.
  while (i < text.length && text.charCodeAt(i) <= 0x20) i += 1;
  return text.charCodeAt(i) === COLON;
}

const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const pointer = (path: readonly string[]): string => path.map((key) => `/${escape(key ?? '')}`).join('');
