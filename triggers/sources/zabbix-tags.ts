/** The tags of an event, in the ways that media types write them. A tag may occur more than once, and without a value it is a mark. */
import { parseJson } from '../events/json.ts';
import { labelsFrom } from './label-facts.ts';
import { MAX_LABELS, idOf, isObject } from './read.ts';

type Tag = readonly [name: string | null, value: string | null];

export function tagsOf(value: unknown): Readonly<Record<string, string>> {
  const parsed = typeof value === 'string' ? parseJson(Buffer.from(value)) : null;
  const written = parsed?.ok === true ? parsed.value : value;
  return labelsFrom(pairsOf(written).slice(0, MAX_LABELS));
}

function pairsOf(tags: unknown): readonly Tag[] {
  // {EVENT.TAGSJSON}
  if (Array.isArray(tags)) return tags.filter(isObject).map(({ tag, value }) => [idOf(tag), markOr(value)]);
  // Event-Driven Ansible: the values of each name.
  if (isObject(tags))
    return Object.entries(tags).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values]).map((value): Tag => [name, markOr(value)]),
    );
  // {EVENT.TAGS}: `name:value, mark`
  if (typeof tags === 'string' && !/^\s*[[{]/.test(tags) && tags !== '*UNKNOWN*')
    return tags.split(/,\s*/).map((tag) => {
      const [name = '', ...value] = tag.split(':');
      return [name.trim(), value.join(':').trim()];
    });
  return [];
}

const markOr = (value: unknown): string | null => (value === '' ? '' : idOf(value));
