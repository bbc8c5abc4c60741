/** What Azure splits the alerts of one rule by: names and values, of each criterion of a condition or of a log search. */
import { type Json, isObject, textOf } from './read.ts';

type Dimension = readonly [name: string, value: string];

const MAX_DIMENSIONS = 100;

/** Each pair once. */
export function dimensionsIn(list: unknown): readonly Dimension[] {
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  const pairs = items.slice(0, MAX_DIMENSIONS).flatMap((each): readonly Dimension[] => {
    const name = isObject(each) ? textOf(each['name']) : null;
    const value = isObject(each) ? each['value'] : null;
    return name === null || (typeof value !== 'string' && typeof value !== 'number') ? [] : [[name, String(value)]];
  });
  return [...new Map(pairs.map((pair) => [pair.join('='), pair])).values()];
}

/** Of all criteria of an alert's context. */
export function dimensionsOfCriteria({ condition }: Json): readonly Dimension[] {
  const criteria: unknown = isObject(condition) ? condition['allOf'] : null;
  const items: readonly unknown[] = Array.isArray(criteria) ? criteria.slice(0, MAX_DIMENSIONS) : [];
  return dimensionsIn(
    items.flatMap((each) => (isObject(each) && Array.isArray(each['dimensions']) ? each['dimensions'] : [])),
  );
}
