#!/usr/bin/env node
/** The command line. Each command is one file of commands/; exit codes are those of exit-code.ts. */
import { Command } from 'commander';
import { up } from './commands/up.ts';
import { CommandError, EXIT } from './exit-code.ts';

const program = new Command('tocsin')
  .description('Turns infrastructure events into durable runbooks.')
  .option('-c, --config <file>', 'configuration file (default: tocsin.yaml, or TOCSIN_CONFIG)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.refused));

const configOption = (): { configFile?: string } => {
  const { config } = program.opts<{ config?: string }>();
  return config === undefined ? {} : { configFile: config };
};

program
  .command('up')
  .description('every role in one process, with its own servers unless NATS_URL and TEMPORAL_ADDRESS name others')
  .option('--demo', 'bring a sick service along and heal it', false)
  .option('--once', 'end after the demo: exit code 0 only if the service is healthy again', false)
  .action(async ({ demo, once }: { demo: boolean; once: boolean }) =>
    end(await up({ ...configOption(), demo: demo || once, once })),
  );

/** Anything still open (a handle of a library) must not keep a finished command from ending. */
const end = (code: number): void => {
  process.exitCode = process.exitCode === undefined ? code : Math.max(code, Number(process.exitCode));
  setTimeout(() => process.exit(), 1_000).unref();
};

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof CommandError;
  console.error(known ? error.message : error);
  end(known ? error.exitCode : EXIT.failed);
}
