/** Versions of the code: which of them takes new runs. */
import { type CommandLine, WHY } from './command-line.ts';

export function registerVersions({ program, common, end }: CommandLine): void {
  const versions = program.command('versions').description('versions of the workers, and which of them takes new runs');
  versions
    .command('list')
    .description('share of new runs, runs in progress and failed, workers; exit code 1 while runs wait for one')
    .action(async () => end(await (await import('../commands/versions.ts')).listVersions(common())));
  versions
    .command('promote <build>')
    .description('let it take new runs; runs in progress stay where the configuration says')
    .option('--ramp <percent>', 'only this share of them')
    .option(...WHY)
    .action(async (build: string, options: { ramp?: string; why: string }) =>
      end(await (await import('../commands/versions.ts')).promoteVersion({ ...common(), ...options, build })),
    );
  versions
    .command('roll-back')
    .description('end the ramp; without one, the version before takes new runs again')
    .option(...WHY)
    .action(async (options: { why: string }) =>
      end(await (await import('../commands/versions.ts')).rollBack({ ...common(), ...options })),
    );
}
