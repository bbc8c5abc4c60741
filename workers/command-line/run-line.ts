/** One command, from its words to what is told when it fails: as JSON where that was asked for. */
import type { CommandLine } from './command-line.ts';

/** `words`: what follows the name of the program; default: those of this process. */
export async function runLine({ program, common, end }: CommandLine, words?: readonly string[]): Promise<void> {
  try {
    await (words === undefined ? program.parseAsync() : program.parseAsync(words, { from: 'user' }));
  } catch (error) {
    const { failureOf } = await import('../failure-of.ts');
    const { exitCode, message } = failureOf(error);
    if (common().json) process.stdout.write(`${JSON.stringify({ error: String(message) })}\n`);
    else console.error(message);
    end(exitCode);
  }
}
