/** The fields of an object by their usual names. What is unknown, said twice or left empty is refused: were it dropped, a window could open by it. */
import type { Problems } from './problems.ts';

export interface KnownFields {
  readonly names: readonly string[];
  /** Other usual spellings of the same. */
  readonly spellings?: ReadonlyMap<string, string>;
}

export type Fields = Readonly<Record<string, unknown>>;

export function readFields(
  entry: Fields,
  { names, spellings }: KnownFields,
  place: string,
  problems: Problems,
): Fields {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(entry)) {
    const name = spellings?.get(key) ?? key;
    const at = `${place}/${key}`;
    if (!names.includes(name)) problems.add(at, `unknown; expected one of ${names.join(', ')}`);
    else if (value === null) problems.add(at, 'says nothing; give it a value, or leave it out');
    else if (Object.hasOwn(fields, name)) problems.add(at, `says ${name} again; expected it once`);
    else if (value !== undefined) fields[name] = value;
  }
  return fields;
}
