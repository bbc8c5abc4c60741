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
  return scanKeys(text) ?? scanValue(value, '') ?? { ok: true, value };
}

const refuse = (reason: JsonProblem, place = ''): Extract<ParsedJson, { ok: false }> => ({ ok: false, reason, place });

/** Counts brackets outside strings, without recursion: it runs before the parser may. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (char === '}' || char === ']') depth -= 1;
  }
  return false;
}

/** Keys as written, because the parser keeps only the last of two equal ones. The text is valid JSON here. */
function scanKeys(text: string): Extract<ParsedJson, { ok: false }> | null {
  const open: (Set<string> | null)[] = [];
  const path: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '{' || char === '[') open.push(char === '{' ? new Set() : null);
    else if (char === '}' || char === ']') {
      open.pop();
      path.length = Math.min(path.length, open.length);
    } else if (char === '"') {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keys !== null && keys !== undefined && isKey(text, end)) {
        const key = JSON.parse(text.slice(i, end + 1)) as string;
        const place = pointer([...path.slice(0, open.length - 1), key]);
        if (FORBIDDEN_KEYS.has(key)) return refuse('forbidden-key', place);
        if (keys.has(key)) return refuse('duplicate-key', place);
        keys.add(key);
        path[open.length - 1] = key;
      }
      i = end;
    }
  }
  return null;
}

function scanValue(value: unknown, place: string): Extract<ParsedJson, { ok: false }> | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : refuse('number-out-of-range', place);
  if (typeof value === 'string') return value.isWellFormed() ? null : refuse('lone-surrogate', place);
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = key.isWellFormed() ? scanValue(inner, `${place}/${escape(key)}`) : refuse('lone-surrogate', place);
    if (found !== null) return found;
  }
  return null;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

function isKey(text: string, end: number): boolean {
  let i = end + 1;
  while (i < text.length && /\s/.test(text[i] ?? '')) i += 1;
  return text[i] === ':';
}

const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const pointer = (path: readonly string[]): string => path.map((key) => `/${escape(key ?? '')}`).join('');
