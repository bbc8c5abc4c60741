/** Runs one command after the other as the command line would, each in turn in this one process: starting one for each takes most of the time. */
import { createProgram } from '../../workers/command-line/program.ts';
import { runLine } from '../../workers/command-line/run-line.ts';

export interface CommandAnswer {
  readonly code: number;
  readonly stdout: string;
}

const exit = process.exit.bind(process);
// A command that has ended ends its process a second later.
process.exit = (() => undefined) as never;
process.on('disconnect', () => exit());

let said = '';
process.stdout.write = ((chunk: string) => {
  said += chunk;
  return true;
}) as never;

process.on('message', (words: readonly string[]) => {
  said = '';
  process.exitCode = 0;
  void runLine(createProgram(), words).then(() =>
    process.send?.({ code: Number(process.exitCode), stdout: said } satisfies CommandAnswer),
  );
});
process.send?.('ready');
