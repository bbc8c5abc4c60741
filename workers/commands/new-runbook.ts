/** `tocsin new runbook NAME`: a runbook with its activity, trigger and test, and a line for each in the three lists. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';
import { PACKAGE_ROOT } from '../package-version.ts';
import { formatted } from '../scaffold/formatted.ts';
import { listed } from '../scaffold/lists.ts';
import { namesOf } from '../scaffold/names.ts';
import { type Place, runbookFiles } from '../scaffold/runbook-files.ts';
import { writeFiles, writeNewFiles } from '../scaffold/write-files.ts';
import { type CommonOptions, output } from './session.ts';

export interface NewRunbookCommand extends CommonOptions {
  readonly name: string;
}

const PACKAGE: Place = {
  workflows: 'tocsin/workflows',
  activities: "import { type AllowedTarget, look, runCommand } from 'tocsin/activities';",
  triggers: 'tocsin/triggers',
  testing: 'tocsin/testing',
  tests: 'test',
};
/** Within Tocsin's own repository. */
const OWN: Place = {
  workflows: './kit/index.ts',
  // What authors of a project import comes from the list of activities, to which a file that is in it must not lead back.
  activities: [
    "import type { AllowedTarget } from './allowed-target.ts';",
    "import { runCommand } from './command.ts';",
    "import { look } from './look.ts';",
  ].join('\n'),
  triggers: './kit.ts',
  testing: '../../workers/testing/index.ts',
  tests: 'test/e2e',
};

export async function newRunbook(options: NewRunbookCommand): Promise<number> {
  const root = resolve(process.env['TOCSIN_PROJECT'] ?? '.');
  const names = namesOf(options.name);
  const doors = {
    'workflows/index.ts': frontDoor(root, 'workflows'),
    'activities/index.ts': frontDoor(root, 'activities'),
    'triggers/index.ts': frontDoor(root, 'triggers'),
  };
  const lists = await formatted(root, listed(names, doors));
  const place = realpathSync(root) === realpathSync(PACKAGE_ROOT) ? OWN : PACKAGE;
  const files = await formatted(root, runbookFiles(names, place));
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
