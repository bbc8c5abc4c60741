/**
 * Where a person sees what the query of a log alert has found: rules of today say it of each criterion, older ones beside the query. The
 * filtered address shows only what this alert is about, and those that end in "API" are for programs.
 */
import { type Json, isObject, textOf } from './read.ts';

const NAMES = [
  'linkToFilteredSearchResultsUI',
  'LinkToFilteredSearchResultsUI',
  'linkToSearchResultsUI',
  'LinkToSearchResultsUI',
  'LinkToSearchResults',
];

const MAX_CRITERIA = 100;

export function searchLink(context: Json): string | null {
  const { condition } = context;
  const criteria: unknown = isObject(condition) ? condition['allOf'] : null;
  const holders = [...(Array.isArray(criteria) ? criteria.slice(0, MAX_CRITERIA) : []), context].filter(isObject);
  for (const holder of holders)
    for (const name of NAMES) {
      const link = textOf(holder[name]);
      if (link !== null) return link;
    }
  return null;
}
