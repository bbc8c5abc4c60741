/** The names of the runbooks, read from the text of their front door: workflow code runs only inside Temporal's sandbox, never here. */
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const FRONT_DOOR = join(import.meta.dirname, '..', 'workflows', `index${extname(import.meta.filename)}`);

/** In the order of the list. */
export function runbookNames(): readonly string[] {
  const text = readFileSync(FRONT_DOOR, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return [...text.matchAll(/export\s*\{([^}]*)\}\s*from/g)].flatMap(([, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^.*\sas\s+/, ''))
      .filter((name) => name !== '' && !name.startsWith('type ')),
  );
}
