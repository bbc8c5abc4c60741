/** `tocsin new runbook NAME`: a runbook with its activity, trigger and test, and a line for each in the three lists. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';
import { PACKAGE_ROOT } from '../package-version.ts';
import { listed } from '../scaffold/lists.ts';
import { namesOf } from '../scaffold/names.ts';
import { type Imports, runbookFiles } from '../scaffold/runbook-files.ts';
import { writeFiles, writeNewFiles } from '../scaffold/write-files.ts';
import { type CommonOptions, output } from './session.ts';

export interface NewRunbookCommand extends CommonOptions {
  readonly name: string;
}

const PACKAGE: Imports = {
  workflows: 'tocsin/workflows',
  activities: 'tocsin/activities',
  triggers: 'tocsin/triggers',
  testing: 'tocsin/testing',
};
/** Within Tocsin's own repository. */
const OWN: Imports = {
  workflows: './kit/index.ts',
  activities: './kit.ts',
  triggers: './kit.ts',
  testing: '../workers/testing/index.ts',
};

export function newRunbook(options: NewRunbookCommand): number {
  const root = resolve(process.env['TOCSIN_PROJECT'] ?? '.');
  const names = namesOf(options.name);
  const lists = listed(names, {
    'workflows/index.ts': frontDoor(root, 'workflows'),
    'activities/index.ts': frontDoor(root, 'activities'),
    'triggers/index.ts': frontDoor(root, 'triggers'),
  });
  const files = runbookFiles(names, realpathSync(root) === realpathSync(PACKAGE_ROOT) ? OWN : PACKAGE);
  writeNewFiles(root, files);
  writeFiles(root, lists);
  const made = Object.keys(files);
  output(
    options,
    { runbook: names.camel, made, changed: Object.keys(lists) },
    [...made.map((file) => `+ ${file}`), ...Object.keys(lists).map((file) => `~ ${file}`)].join('\n'),
  );
  return EXIT.ok;
}

function frontDoor(root: string, folder: string): string {
  const file = join(root, folder, 'index.ts');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new CommandError(EXIT.refused, `${file} is not there; start in a project, such as \`tocsin init\` makes`);
}
