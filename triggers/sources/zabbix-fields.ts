/**
 * The parameters that a media type of Zabbix sends: most are named after the macro they hold, with dots, underscores or capitals
 * (`EVENT.ID`, `event_id`, `eventId`), so names are read without regard to these. What they leave out is read from Zabbix's message text.
 */
import { escapeToken } from '../events/json-keys.ts';
import { type Json, idOf } from './read.ts';
import { readMessage } from './zabbix-message.ts';

export interface Field {
  readonly value: unknown;
  /** JSON Pointer. */
  readonly place: string;
}

export interface Fields {
  /** The first of these parameters that says something. */
  find(...names: readonly string[]): Field | null;
  text(...names: readonly string[]): string | null;
  /** The first of these that is there, whatever it holds. */
  given(...names: readonly string[]): Field | null;
  /** Zabbix's own message text is among them. */
  readonly hasMessage: boolean;
}

export function fieldsOf(body: Json): Fields {
  const given = new Map<string, Field>();
  for (const [key, value] of Object.entries(body)) {
    const name = key.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    if (!given.has(name)) given.set(name, { value, place: `/${escapeToken(key)}` });
  }
  const message = messageOf(given);
  const all = [given, message];
  const find = (...names: readonly string[]): Field | null =>
    all.flatMap((fields) => names.flatMap((name) => fields.get(name) ?? [])).find(({ value }) => says(value)) ?? null;
  return {
    find,
    text: (...names) => saidText(find(...names)?.value),
    given: (...names) => names.flatMap((name) => given.get(name) ?? [])[0] ?? null,
    hasMessage: message.has('eventid') || message.has('acknowledged'),
  };
}

function messageOf(given: ReadonlyMap<string, Field>): ReadonlyMap<string, Field> {
  const message = given.get('message') ?? given.get('alertmessage');
  const said = readMessage(saidText(message?.value) ?? '');
  return new Map([...said].map(([name, value]) => [name, { value, place: message?.place ?? '' }]));
}

/** The name of a macro stands there still: this version, or this kind of event, does not know it. */
export const isMacro = (value: unknown): boolean =>
  typeof value === 'string' && /^\{[$#]?[A-Z][A-Z0-9_.]*\}$/.test(value.trim());

/** What a macro became; null when it was left as it is, or had no value. */
export function saidText(value: unknown): string | null {
  const text = idOf(value)?.trim() ?? '';
  return text === '' || text === '*UNKNOWN*' || isMacro(text) ? null : text;
}

const says = (value: unknown): boolean => (typeof value === 'object' ? value !== null : saidText(value) !== null);
