/**
 * The parameters that a media type of Zabbix sends: most are named after the macro they hold, with dots, underscores or capitals
 * (`EVENT.ID`, `event_id`, `eventId`), so names are read without regard to these. What they leave out is read from the message.
 */
import { escapeToken } from '../events/json-keys.ts';
import { parseJson } from '../events/json.ts';
import { type Json, idOf, isObject } from './read.ts';
import { readMessage } from './zabbix-message.ts';

interface Field {
  readonly value: unknown;
  /** JSON Pointer. */
  readonly place: string;
}
type Given = ReadonlyMap<string, Field>;

export interface Fields {
  /** The first of these parameters that says something. */
  find(...names: readonly string[]): Field | null;
  /** The first of these that is a text or number. */
  text(...names: readonly string[]): string | null;
  /** The first of these that is there, whatever it holds. */
  given(...names: readonly string[]): Field | null;
  /** Zabbix's own message text is among them. */
  readonly hasMessage: boolean;
}

export function fieldsOf(body: Json): Fields {
  const parameters = parametersOf(body, (pointer) => pointer);
  const message = parameters.get('message') ?? parameters.get('alertmessage');
  const text = saidText(message?.value) ?? '';
  const place = message?.place ?? '';
  const said = readMessage(text);
  const spoken: Given = new Map([...said].map(([name, value]) => [name, { value, place }]));
  const all = [parameters, writtenIn(text, place), spoken];
  const named = (names: readonly string[]): readonly Field[] =>
    all.flatMap((fields) => names.flatMap((name) => fields.get(name) ?? []));
  return {
    find: (...names) => named(names).find(({ value }) => says(value)) ?? null,
    text: (...names) => saidText(named(names).find(({ value }) => saidText(value) !== null)?.value),
    given: (...names) => named(names)[0] ?? null,
    hasMessage: said.has('eventid') || said.has('acknowledged'),
  };
}

/** Some group them after the first word of their macros: `{ "event": { "id": ... } }`. */
const GROUPS = new Set(['event', 'trigger', 'host', 'item', 'service']);

function parametersOf(body: Json, placeOf: (pointer: string) => string): Given {
  const fields = new Map<string, Field>();
  const add = (name: string, value: unknown, pointer: string): void => {
    if (!fields.has(name)) fields.set(name, { value, place: placeOf(pointer) });
  };
  for (const [key, value] of Object.entries(body)) {
    const pointer = `/${escapeToken(key)}`;
    add(plain(key), value, pointer);
    if (!isObject(value) || !GROUPS.has(plain(key))) continue;
    for (const [inner, each] of Object.entries(value))
      add(plain(key) + plain(inner), each, `${pointer}/${escapeToken(inner)}`);
  }
  return fields;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** A message that somebody wrote as JSON. */
function writtenIn(message: string, place: string): Given {
  const parsed = message.startsWith('{') ? parseJson(Buffer.from(message)) : null;
  return parsed?.ok === true && isObject(parsed.value) ? parametersOf(parsed.value, () => place) : new Map();
}

/** The name of a macro stands there still: this version, or this kind of event, does not know it. */
export const isMacro = (value: unknown): boolean =>
  typeof value === 'string' && /^\{[$#]?[A-Z][A-Z0-9_]*(?:\.[\w-]+)*(?::[^{}]*)?\}$/.test(value.trim());

/** What a macro became; null when it was left as it is, or had no value. */
export function saidText(value: unknown): string | null {
  const text = idOf(value)?.trim() ?? '';
  return text === '' || text === '*UNKNOWN*' || isMacro(text) ? null : text;
}

const says = (value: unknown): boolean => (typeof value === 'object' ? value !== null : saidText(value) !== null);
