/**
 * Bytes from outside become a JSON value, or a reason why not. Refuses before anything uses the result: bad UTF-8, too deep, too much,
 * duplicate or prototype keys, numbers that do not survive. Integers beyond 2^53 become texts of their digits. `JSON.parse` alone accepts
 * all of these and rounds the integers.
 */
import { type KeyProblem, areKeysSound, escapeToken, keyProblems } from './json-keys.ts';
import { MAX_DEPTH, MAX_VALUES, surveyJson } from './json-survey.ts';
import { type Steps, atOnce } from './steps.ts';

export { MAX_DEPTH, MAX_VALUES };

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly reason: JsonProblem;
      readonly place: string;
      /** It is JSON, and this is all that is wrong in it; the value may be used only without what lies at these places. */
      readonly faulty?: { readonly value: unknown; readonly faults: readonly Fault[] };
    };

export interface Fault {
  readonly reason: JsonProblem;
  readonly place: string;
}

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

/** Faults of one text that are told apart; with more of them it is not worth to look for what is good. */
const MAX_FAULTS = 1_000;

/** What is left for the texts of one request. */
export interface JsonBudget {
  values: number;
}

/** Never throws. `place` is a JSON Pointer to the nearest enclosing value. */
export const parseJson = (bytes: Uint8Array, budget: JsonBudget = { values: MAX_VALUES }): ParsedJson =>
  atOnce(jsonSteps(bytes, budget));

/** As `parseJson`. */
export function* jsonSteps(bytes: Uint8Array, budget: JsonBudget = { values: MAX_VALUES }): Steps<ParsedJson> {
  if (bytes.length === 0) return refuse('empty-body');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse('not-utf8');
  }
  yield;
  const survey = surveyJson(text, budget.values);
  if (!survey.ok) return refuse(survey.reason);
  budget.values -= survey.values;
  if (!endsAsItBegins(text)) return refuse('not-json');
  yield;
  let value: unknown;
  try {
    value = JSON.parse(survey.text);
  } catch {
    return refuse('not-json');
  }
  yield;
  const faults: Fault[] = areKeysSound(survey.text, value, survey.members)
    ? []
    : [...(yield* keyProblems(survey.text, MAX_FAULTS))];
  if (survey.hugeNumbers || SURROGATE.test(text)) addValueFaults(value, '', faults);
  const [first] = faults;
  if (first === undefined) return { ok: true, value };
  return { ok: false, ...first, ...(faults.length > MAX_FAULTS ? {} : { faulty: { value, faults } }) };
}

const refuse = (reason: JsonProblem): ParsedJson => ({ ok: false, reason, place: '' });

/** Texts and bodies that were cut off are most of what is no JSON; an error of the parser costs as much as a thousand characters. */
function endsAsItBegins(text: string): boolean {
  const trimmed = text.trim();
  const closing = CLOSING[trimmed[0] ?? ''];
  return closing === undefined ? /^[-\dtfn]/.test(trimmed) : trimmed.length > 1 && trimmed.endsWith(closing);
}

/** A fault stands at its own place; a key that is no text, at that of its object. */
function addValueFaults(value: unknown, place: string, faults: Fault[]): void {
  if (faults.length > MAX_FAULTS) return;
  if (typeof value === 'number' && !Number.isFinite(value)) faults.push({ reason: 'number-out-of-range', place });
  if (typeof value === 'string' && !value.isWellFormed()) faults.push({ reason: 'lone-surrogate', place });
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    if (key.isWellFormed()) addValueFaults(inner, `${place}/${escapeToken(key)}`, faults);
    else faults.push({ reason: 'lone-surrogate', place });
}
