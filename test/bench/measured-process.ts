/** A process whose work is measured: of the product it runs what was built, as in production, and nothing that is compiled on the way. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const BUILT = pathToFileURL(join(import.meta.dirname, 'built-program.mjs')).href;

/** Started, and what it said when it was ready. `file`: beside this one. */
export async function measuredProcess(
  file: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<{ readonly child: ChildProcess; readonly ready: string }> {
  const execArgv = [...process.execArgv, '--import', BUILT, ...nodeOptions];
  const child = fork(join(import.meta.dirname, file), args, { execArgv });
  const [ready] = (await once(child, 'message')) as [string];
  return { child, ready };
}
