/** The keys of a JSON text as they are written, because the parser keeps only the last of two equal ones. */
import type { Steps } from './steps.ts';
import { endOfString, skipSpace } from './json-survey.ts';

export interface KeyProblem {
  readonly reason: 'duplicate-key' | 'forbidden-key';
  readonly place: string;
}

/** They can change the prototype of the object that they are copied to. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];

/** An open object or array. Most objects are small: a set is made only for the second key. */
interface Frame {
  readonly isArray: boolean;
  index: number;
  key: string | null;
  keys: Set<string> | null;
}

/** Characters looked at between two turns of others. */
const CHARACTERS_PER_STEP = 65_536;

/** A text without these has no forbidden key: the words themselves, and the escapes that can write a letter of theirs. */
const MAY_HIDE_FORBIDDEN = /__proto__|constructor|prototype|\\u00[5-7]/;

/**
 * Sees without a look at each key that none is there twice and none is forbidden, of what the parser has made: it keeps one of two equal keys,
 * so that fewer are left than the text has. False: `keyProblems` has to look. `members`: of all objects of the text.
 */
export const areKeysSound = (text: string, value: unknown, members: number): boolean =>
  countMembers(value) === members && !MAY_HIDE_FORBIDDEN.test(text);

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const each of inner) if (typeof each === 'object') count += countMembers(each);
  return count;
}

/** All of them up to the bound, and one more when there are more. The text must be valid JSON. */
export function* keyProblems(text: string, most: number): Steps<readonly KeyProblem[]> {
  const open: Frame[] = [];
  const found: KeyProblem[] = [];
  for (let from = 0; from < text.length && found.length <= most;) {
    from = lookAt(text, from, Math.min(text.length, from + CHARACTERS_PER_STEP), open, found);
    yield;
  }
  return found.slice(0, most + 1);
}

/** From here to there, or to the end of the string that stands there; returns where the next look begins. */
function lookAt(text: string, from: number, to: number, open: Frame[], found: KeyProblem[]): number {
  let i = from;
  for (; i < to; i += 1) {
    const code = text.charCodeAt(i);
    if (code === OPEN_OBJECT || code === OPEN_ARRAY)
      open.push({ isArray: code === OPEN_ARRAY, index: 0, key: null, keys: null });
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) open.pop();
    else if (code === COMMA) {
      const frame = open.at(-1);
      if (frame !== undefined) frame.index += 1;
    } else if (code === QUOTE) {
      const end = endOfString(text, i);
      const frame = open.at(-1);
      if (frame?.isArray === false && text.charCodeAt(skipSpace(text, end + 1)) === COLON) {
        const reason = addKey(frame, unquoted(text, i, end));
        if (reason !== null) found.push({ reason, place: placeOf(open) });
      }
      i = end;
    }
  }
  return i;
}

function addKey(frame: Frame, key: string): KeyProblem['reason'] | null {
  const isKnown = frame.keys === null ? frame.key === key : frame.keys.has(key);
  if (frame.keys !== null) frame.keys.add(key);
  else if (frame.key !== null) frame.keys = new Set([frame.key, key]);
  frame.key = key;
  if (isKnown) return 'duplicate-key';
  return FORBIDDEN_KEYS.has(key) ? 'forbidden-key' : null;
}

/** The text of a string token; escapes are rare, so the parser is asked only when there are some. */
function unquoted(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end);
  return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner;
}

const placeOf = (open: readonly Frame[]): string =>
  open.map(({ isArray, index, key }) => `/${isArray ? index : escapeToken(key ?? '')}`).join('');

/** A key as a token of a JSON Pointer. */
export const escapeToken = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
