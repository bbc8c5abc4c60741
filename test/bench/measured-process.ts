/** A process whose work is measured: of the product it runs what was built, as in production, and nothing that is compiled on the way. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const BUILT = pathToFileURL(join(import.meta.dirname, '../support/built-import.mjs')).href;

/** Started, and what it said when it was ready. `file`: beside this one. */
export async function measuredProcess(
  file: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<{ readonly child: ChildProcess; readonly ready: string }> {
  const execArgv = [...process.execArgv, '--import', BUILT, ...nodeOptions];
  const child = fork(join(import.meta.dirname, file), args, { execArgv });
  return { child, ready: await answerOf<string>(child) };
}

/** What it says next. Rejects when it ends without a word. */
export const answerOf = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a measured process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer as T);
    });
  });
