/** The name of the code that a worker has: given in TOCSIN_BUILD_ID, else a hash of it, so that the same code has the same name everywhere. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';
import { packageVersion } from '../package-version.ts';
import { project } from '../project.ts';

const OWN = join(import.meta.dirname, '../..');
const FOLDERS = ['workflows', 'activities'];
/** As Temporal takes it in a version's name, and an operator types it. */
const BUILD_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Rejects with CommandError when the environment gives one that is no name. */
export function buildIdOf(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const given = env['TOCSIN_BUILD_ID'];
  if (given === undefined) return codeHash(new Set([OWN, dirname(dirname(project.workflows))]));
  if (BUILD_ID.test(given)) return given;
  throw new CommandError(
    EXIT.refused,
    `TOCSIN_BUILD_ID ${JSON.stringify(given)}: expected at most 100 letters, digits, dots and dashes, such as a commit`,
  );
}

/** Runbooks and activities, those of Tocsin and those of the project. */
function codeHash(roots: ReadonlySet<string>): string {
  const hash = createHash('sha256').update(packageVersion());
  for (const root of roots)
    for (const folder of FOLDERS)
      for (const file of sourcesIn(join(root, folder))) hash.update(relative(root, file)).update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

const sourcesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
    .toSorted()
    .map((file) => join(folder, file));
