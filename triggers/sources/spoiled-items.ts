/**
 * A fault of JSON that a parser would hide (a key twice, a prototype key, half a character, a number beyond a double) inside one item of a
 * list spoils that item alone: it is taken out before the source sees the others. Anywhere else it spoils the request (decision 35).
 */
import type { Fault, JsonProblem, ParsedJson } from '../events/json.ts';
import { MAX_DEPTH, MAX_VALUES } from '../events/json.ts';
import { valueAt } from '../events/json-pointer.ts';
import { MAX_ITEMS } from './read.ts';
import type { Rejection, Source, SourceResult } from './source.ts';

export interface Readable {
  readonly body: unknown;
  /** Faults of the items that were taken out, by index. */
  readonly spoiled: ReadonlyMap<number, Fault>;
}

/** Null when the source may see nothing of it. Changes the parsed value: a spoiled item becomes null. */
export function readable(source: Pick<Source, 'itemsAt'>, parsed: ParsedJson): Readable | null {
  if (parsed.ok) return { body: parsed.value, spoiled: new Map() };
  if (parsed.faulty === undefined || source.itemsAt === undefined) return null;
  const { value, faults } = parsed.faulty;
  const at = source.itemsAt(value);
  const items = at === null ? null : valueAt(value, at);
  if (at === null || !Array.isArray(items)) return null;
  const spoiled = new Map<number, Fault>();
  for (const fault of faults) {
    const index = indexWithin(fault.place, `${at}/`);
    if (index === null) return null;
    if (!spoiled.has(index)) spoiled.set(index, fault);
  }
  for (const index of spoiled.keys()) items[index] = null;
  return { body: value, spoiled };
}

function indexWithin(place: string, list: string): number | null {
  const index = place.startsWith(list) ? /^\d+/.exec(place.slice(list.length))?.[0] : undefined;
  return index === undefined ? null : Number(index);
}

/** The source has refused what was taken out; here it is said why it was. */
export function withSpoiled<Result extends SourceResult>(result: Result, spoiled: Readable['spoiled']): Result {
  if (spoiled.size === 0) return result;
  const rejected = result.rejected.map((each) => {
    const fault = each.index === null || each.index >= MAX_ITEMS ? undefined : spoiled.get(each.index);
    return fault === undefined ? each : unreadable(fault, each.index);
  });
  return { ...result, rejected };
}

const EXPECTED: Readonly<Record<JsonProblem, string>> = {
  'empty-body': 'expected a body',
  'not-utf8': 'expected UTF-8 text',
  'not-json': 'expected one complete JSON value',
  'too-deep': `nested deeper than ${MAX_DEPTH} levels`,
  'too-many-values': `more than ${MAX_VALUES} values`,
  'duplicate-key': 'an object has the same key twice',
  'forbidden-key': 'a key that could change the prototype of an object',
  'number-out-of-range': 'a number beyond what a double can hold',
  'lone-surrogate': 'text that is not well-formed Unicode',
};

/** `index`: null for the whole request. */
export const unreadable = ({ reason, place }: Fault, index: number | null): Rejection => ({
  index,
  reason,
  place,
  message: EXPECTED[reason],
});
