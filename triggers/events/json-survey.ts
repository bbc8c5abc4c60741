/**
 * One look over a JSON text before the parser may have it: how deep and how much it is, and the whole numbers that a double would round.
 * Counts characters only, without recursion and without making anything of them.
 */

/** Deeper documents parse, but overflow the stack of whoever serialises them again. */
export const MAX_DEPTH = 64;
/** Values of one document, 21 bytes each in a body of 4 MiB; a few bytes each would hold up everybody else for seconds. */
export const MAX_VALUES = 200_000;
/** Members of one object: each is compared with all others, and whoever copies the object pays for them again. */
export const MAX_MEMBERS = 10_000;

export type Survey =
  | {
      readonly ok: true;
      /** Counted by their delimiters, so an empty list counts as one. */
      readonly values: number;
      /** Members of all objects, counted by their colons: as many as the text has, also where a parser keeps only one of two. */
      readonly members: number;
      /** The text, with integers beyond 2^53 in quotes: their digits survive as text, as numbers they would be other ones. */
      readonly text: string;
      /** Some number may be too large even to be rounded. */
      readonly hugeNumbers: boolean;
    }
  | { readonly ok: false; readonly reason: 'too-deep' | 'too-many-values' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [SPACE, COMMA, MINUS, ZERO, COLON] = [0x20, 0x2c, 0x2d, 0x30, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
/** 2^53 has sixteen digits. */
const LONG = 16;
/** Numbers of fewer digits cannot become infinite without an exponent. */
const HUGE = 100;

/** `maxValues`: what may be left of MAX_VALUES when several texts share it. */
export function surveyJson(text: string, maxValues: number): Survey {
  let depth = 0;
  let values = 1;
  let members = 0;
  /** Of the values that are open: members so far, counted from below zero where they may be any number of items. */
  const open = new Float64Array(MAX_DEPTH + 1);
  let hugeNumbers = false;
  let kept = 0;
  const pieces: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1;
      values += 1;
      if (depth > MAX_DEPTH) return { ok: false, reason: 'too-deep' };
      open[depth] = code === OPEN_OBJECT ? 1 : -MAX_VALUES;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    else if (code === COLON) members += 1;
    else if (code === COMMA) {
      values += 1;
      const count = (open[Math.max(depth, 0)] ?? 0) + 1;
      open[Math.max(depth, 0)] = count;
      if (count > MAX_MEMBERS) return { ok: false, reason: 'too-many-values' };
    } else if (isDigit(code)) {
      const end = endOfDigits(text, i);
      const start = text.charCodeAt(i - 1) === MINUS ? i - 1 : i;
      if (end - i >= HUGE || isExponent(text.charCodeAt(end))) hugeNumbers = true;
      if (end - i >= LONG && isWhole(text, start, end) && !Number.isSafeInteger(Number(text.slice(start, end)))) {
        pieces.push(text.slice(kept, start), '"', text.slice(start, end), '"');
        kept = end;
      }
      i = end - 1;
    }
    if (values > maxValues) return { ok: false, reason: 'too-many-values' };
  }
  return { ok: true, values, members, text: kept === 0 ? text : pieces.join('') + text.slice(kept), hugeNumbers };
}

/** Index of the closing quote, or the end of a text that lacks it. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** Two backslashes are one character, which escapes nothing. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

/** First index from here on that is no white space of JSON. */
export function skipSpace(text: string, start: number): number {
  let i = start;
  while (i < text.length && text.charCodeAt(i) <= 0x20) i += 1;
  return i;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isExponent = (code: number): boolean => code === 0x45 || code === 0x65;

function endOfDigits(text: string, start: number): number {
  let i = start;
  while (i < text.length && isDigit(text.charCodeAt(i))) i += 1;
  return i;
}

/** A number as JSON writes it, without fraction and exponent, where a value may stand: quotes must not make good what is wrong. */
function isWhole(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(text.charCodeAt(start) === MINUS ? start + 1 : start);
  const before = start === 0 ? SPACE : text.charCodeAt(start - 1);
  const after = end === text.length ? SPACE : text.charCodeAt(end);
  return (
    first !== ZERO &&
    (before <= SPACE || before === COLON || before === COMMA || before === OPEN_ARRAY) &&
    (after <= SPACE || after === COMMA || after === CLOSE_ARRAY || after === CLOSE_OBJECT) &&
    text.charCodeAt(skipSpace(text, end)) !== COLON
  );
}
