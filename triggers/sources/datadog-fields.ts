/**
 * The fields of a Datadog webhook by the variable that fills them, whatever its template calls them. Texts that mean "not set" (empty,
 * `null`, a variable that Datadog did not know and left as it was) are absent.
 */
import { parseJson } from '../events/json.ts';
import { formFields } from './form.ts';
import { type Json, idOf, isObject } from './read.ts';
import type { SourceRequest } from './source.ts';

/** Templates name some thirty. */
const MAX_FIELDS = 1_000;

export interface Fields {
  has(name: string): boolean;
  text(name: string): string | null;
  /** JSON Pointer of the field, or where it was expected. */
  place(name: string): string;
}

/** Other names that templates in use give to a variable. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  alert_id: ['monitor_id'],
  alert_scope: ['scope', 'scopes'],
  aggreg_key: ['agg_reg_key'],
  title: ['event_title'],
  body: ['text_only_msg', 'event_msg', 'event_message'],
  id: ['event_id'],
  link: ['url', 'event_url', 'alert_url'],
  hostname: ['host'],
  date: ['date_posix', 'timestamp'],
  last_updated: ['last_updated_posix'],
};

/** Of a nested field (`org/id`) too. */
const namesOf = (name: string): readonly string[] => {
  const names = [name, ...(ALIASES[name] ?? [])].map(plain);
  return name.startsWith('org_') ? [...names, `org/${plain(name.slice(4))}`] : names;
};

/** Null when the body is no JSON object and no form. */
export function fieldsOf(request: SourceRequest): Fields | null {
  const body = bodyOf(request);
  if (body === null) return null;
  const found = new Map<string, { readonly value: unknown; readonly place: string }>();
  const add = (object: Json, parent: string): void => {
    for (const key of Object.keys(object).slice(0, MAX_FIELDS)) {
      const value = object[key];
      const name = parent + plain(key);
      const place = `/${parent}${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!found.has(name)) found.set(name, { value, place });
    }
  };
  add(body, '');
  if (isObject(body['org'])) add(body['org'], 'org/');
  const lookup = (name: string) =>
    namesOf(name)
      .map((each) => found.get(each))
      .find((field) => field !== undefined && isSet(field.value));
  return {
    has: (name) => namesOf(name).some((each) => found.has(each)),
    text: (name) => textIn(lookup(name)?.value),
    place: (name) => lookup(name)?.place ?? `/${name}`,
  };
}

/** `ALERT_ID`, `alertId` and `alert-id` are one name. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Some templates write tags as a list. */
const textIn = (value: unknown): string | null =>
  Array.isArray(value)
    ? value
        .slice(0, MAX_FIELDS)
        .map((each) => idOf(each) ?? '')
        .join(',')
    : (idOf(value)?.trim() ?? null);

const isSet = (value: unknown): boolean => {
  const text = textIn(value) ?? '';
  return text !== '' && text.toLowerCase() !== 'null' && !/^\$[A-Z][A-Z0-9_]*(?:\[[^\]]{0,200}\])?$/.test(text);
};

/** "Encode as form" sends the template's fields as a form, objects among them as JSON. */
function bodyOf({ body, raw }: SourceRequest): Json | null {
  if (isObject(body)) return body;
  const form = body === null ? formFields(raw) : {};
  if (Object.keys(form).length === 0) return null;
  const org = form['org'] === undefined ? null : parseJson(Buffer.from(form['org']));
  return org?.ok === true ? { ...form, org: org.value } : form;
}
