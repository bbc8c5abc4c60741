/**
 * Bytes from outside become a JSON value, or a reason why not. Refuses before anything uses the result: bad UTF-8, too deep, too much,
 * duplicate or prototype keys, numbers that do not survive. Integers beyond 2^53 become texts of their digits. `JSON.parse` alone accepts
 * all of these and rounds the integers.
 */
import { type KeyProblem, escapeToken, keyProblem } from './json-keys.ts';
import { MAX_DEPTH, MAX_VALUES, surveyJson } from './json-survey.ts';

export { MAX_DEPTH, MAX_VALUES };

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: JsonProblem; readonly place: string };

export type JsonProblem =
  | 'empty-body'
  | 'not-utf8'
  | 'not-json'
  | 'too-deep'
  | 'too-many-values'
  | KeyProblem['reason']
  | 'number-out-of-range'
  | 'lone-surrogate';

const decoder = new TextDecoder('utf-8', { fatal: true });
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '"': '"' };
/** Only an escape can write half a character: the bytes are UTF-8. */
const SURROGATE = /\\u[dD][89a-fA-F]/;

/** What is left for the texts of one request. */
export interface JsonBudget {
  values: number;
}

/** Never throws. `place` is a JSON Pointer to the nearest enclosing value. */
export function parseJson(bytes: Uint8Array, budget: JsonBudget = { values: MAX_VALUES }): ParsedJson {
  if (bytes.length === 0) return refuse('empty-body');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse('not-utf8');
  }
  const survey = surveyJson(text, budget.values);
  if (!survey.ok) return refuse(survey.reason);
  budget.values -= survey.values;
  if (!endsAsItBegins(text)) return refuse('not-json');
  let value: unknown;
  try {
    value = JSON.parse(survey.text);
  } catch {
    return refuse('not-json');
  }
  const key = keyProblem(survey.text);
  if (key !== null) return { ok: false, ...key };
  const isSuspect = survey.hugeNumbers || SURROGATE.test(text);
  return (isSuspect ? valueProblem(value) : null) ?? { ok: true, value };
}

const refuse = (reason: JsonProblem, place = ''): Extract<ParsedJson, { ok: false }> => ({ ok: false, reason, place });

/** Texts and bodies that were cut off are most of what is no JSON; an error of the parser costs as much as a thousand characters. */
function endsAsItBegins(text: string): boolean {
  const trimmed = text.trim();
  const closing = CLOSING[trimmed[0] ?? ''];
  return closing === undefined ? /^[-\dtfn]/.test(trimmed) : trimmed.length > 1 && trimmed.endsWith(closing);
}

function valueProblem(value: unknown): Extract<ParsedJson, { ok: false }> | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : refuse('number-out-of-range');
  if (typeof value === 'string') return value.isWellFormed() ? null : refuse('lone-surrogate');
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = key.isWellFormed() ? valueProblem(inner) : refuse('lone-surrogate');
    if (found !== null) return { ...found, place: key.isWellFormed() ? `/${escapeToken(key)}${found.place}` : '' };
  }
  return null;
}
