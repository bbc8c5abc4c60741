/** A list of holidays of the configuration: written there, or in a file that is read again when it has changed. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type HolidayList, readHolidayList } from '../../activities/windows/holiday-list.ts';
import { readYaml } from '../yaml-document.ts';

/** The returned function throws, with the reason, while the list cannot be read. */
export function holidaySource(definition: unknown): () => HolidayList {
  const path = fileOf(definition);
  if (path !== null) return fromFile(path);
  let list: HolidayList | undefined;
  return () => (list ??= readHolidayList(definition));
}

/** The file it names; null: it is written out. */
export function fileOf(definition: unknown): string | null {
  const { file } = (definition ?? {}) as { readonly file?: unknown };
  return typeof file === 'string' && Object.keys(definition as object).length === 1 ? file : null;
}

function fromFile(path: string): () => HolidayList {
  let last: { readonly stamp: string; readonly list: HolidayList } | null = null;
  return () => {
    const { mtimeMs, ino, size } = statSync(path);
    const stamp = `${mtimeMs} ${ino} ${size}`;
    if (last?.stamp !== stamp) last = { stamp, list: readFile(path) };
    return last.list;
  };
}

function readFile(path: string): HolidayList {
  const { value, problems } = readYaml(readFileSync(resolve(path), 'utf8'));
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('; ')}`);
  try {
    return readHolidayList(value);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
