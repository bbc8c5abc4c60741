/** For those who write runbooks: a project of their own, and the gate before a new version. */
import { Option } from 'commander';
import type { CommandLine } from './command-line.ts';

export function registerAuthoring({ program, common, end }: CommandLine): void {
  program
    .command('init <dir>')
    .description('a new project for runbooks of your own')
    .addOption(
      new Option('--tocsin <spec>', 'what npm installs as tocsin (default: this version)').env('TOCSIN_PACKAGE'),
    )
    .action(async (dir: string, options: { tocsin?: string }) =>
      end((await import('../commands/init.ts')).init({ ...common(), ...options, dir })),
    );

  program
    .command('new')
    .description('more for this project')
    .command('runbook <name>')
    .description('runbook, activity, trigger and test, listed where they belong')
    .action(async (name: string) =>
      end(await (await import('../commands/new-runbook.ts')).newRunbook({ ...common(), name })),
    );

  program
    .command('docs')
    .description('the catalogue: triggers, runbooks, limits, windows and regions, from their definitions')
    .option('-o, --out <dir>', 'folder for the page and its diagram (default: the page is printed)')
    .action(async (options: { out?: string }) =>
      end((await import('../commands/docs.ts')).docs({ ...common(), ...options })),
    );

  program
    .command('replay [folder]')
    .description('replay histories on the code of this folder: which runs in progress would break?')
    .option('--from-server', 'those of the runs in progress, and of the last ones', false)
    .option('--limit <runs>', 'at most so many of them', '200')
    .action(async (folder: string | undefined, options: { fromServer: boolean; limit: string }) =>
      end(
        await (
          await import('../commands/replay.ts')
        ).replay({ ...common(), ...options, ...(folder === undefined ? {} : { folder }) }),
      ),
    );
}
