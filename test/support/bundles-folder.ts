/** Where the bundles of one test run are. Stands alone, so that the runner loads no SDK. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder; the runner makes it and removes it. */
export const BUNDLES = 'TOCSIN_TEST_BUNDLES';

let own: string | undefined;

/** Of the run; a file that is run without the runner has one of its own. */
export function bundlesFolder(): string {
  const shared = process.env[BUNDLES];
  if (shared !== undefined) return shared;
  if (own !== undefined) return own;
  const made = mkdtempSync(join(tmpdir(), 'tocsin-bundles-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return (own = made);
}
