/** What the groups of commands share: the program, the options every command has, and how one ends. */
import { Command, Option } from 'commander';
import type { CommonOptions } from '../commands/session.ts';
import { EXIT } from '../exit-code.ts';
import { packageVersion } from '../package-version.ts';

export interface CommandLine {
  readonly program: Command;
  /** The options that stand before the name of the command. */
  common(): CommonOptions;
  end(code: number): void;
}

export function createCommandLine(): CommandLine {
  const program = new Command('tocsin')
    .description('Turns infrastructure events into durable runbooks.')
    .version(packageVersion(), '-V, --version', 'print the version of Tocsin')
    .option('-c, --config <file>', 'configuration file (default: tocsin.yaml, or TOCSIN_CONFIG)')
    .option('--json', 'print one JSON document instead of text', false)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 done and the answer is bad, 2 configuration or usage, 3 a server is away.',
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.refused));
  return {
    program,
    common: () => {
      const { config, json } = program.opts<{ config?: string; json: boolean }>();
      return { json, ...(config === undefined ? {} : { configFile: config }) };
    },
    end: (code) => {
      process.exitCode = Math.max(code, Number(process.exitCode ?? 0));
      // Anything still open (a handle of a library) must not keep a finished command from ending.
      setTimeout(() => process.exit(), 1_000).unref();
    },
  };
}

export const REGION = '-r, --region <region>';
export const WHY = ['--why <text>', 'kept beside the change', ''] as const;
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
export const regionsOption = (): Option =>
  new Option('-r, --region <region>', 'a region; repeat for more (default: all)').argParser(collect).default([]);
