/** The version of Tocsin that runs, from its package. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Beside the sources, or one folder further up from what was built. */
const FILES = ['../package.json', '../../package.json'].map((file) => join(import.meta.dirname, file));

export function packageVersion(): string {
  const file = FILES.find((each) => existsSync(each));
  if (file === undefined) return 'unknown';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version ?? 'unknown';
}
