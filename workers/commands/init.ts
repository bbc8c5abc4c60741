/** `tocsin init DIR`: a new project for runbooks, of the same shape as Tocsin's own repository. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';
import { PACKAGE_ROOT, packageVersion } from '../package-version.ts';
import { projectFiles } from '../scaffold/project-files.ts';
import { writeNewFiles } from '../scaffold/write-files.ts';
import { type CommonOptions, output } from './session.ts';

export interface InitCommand extends CommonOptions {
  readonly dir: string;
  /** What npm shall install as `tocsin`; default: this version. */
  readonly tocsin?: string;
}

const TOOLS = ['@types/node', 'tsx', 'typescript'];

export function init(options: InitCommand): number {
  const root = resolve(options.dir);
  const name = basename(root).toLowerCase();
  if (!/^[a-z0-9][a-z0-9._-]{0,100}$/.test(name))
    throw new CommandError(
      EXIT.refused,
      `${JSON.stringify(name)} is no name of a package; expected a folder of letters, digits, dots and dashes`,
    );
  const files = projectFiles({ name, tocsin: options.tocsin ?? packageVersion(), tools: toolVersions() });
  writeNewFiles(root, files);
  output(
    options,
    { root, files: Object.keys(files) },
    `${root}: ${Object.keys(files).length} files\nNext: cd ${options.dir} && npm install && npx tocsin new runbook clearCache`,
  );
  return EXIT.ok;
}

function toolVersions(): Record<string, string> {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const all = { ...devDependencies, ...dependencies };
  return Object.fromEntries(TOOLS.map((tool) => [tool, all[tool] ?? 'latest']));
}
