/** The package of Tocsin that runs: its folder and its version. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Beside the sources, or one folder further up from what was built. */
export const PACKAGE_ROOT: string =
  ['..', '../..'].map((up) => join(import.meta.dirname, up)).find((each) => existsSync(join(each, 'package.json'))) ??
  join(import.meta.dirname, '..');

export function packageVersion(): string {
  const file = join(PACKAGE_ROOT, 'package.json');
  if (!existsSync(file)) return 'unknown';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version ?? 'unknown';
}
