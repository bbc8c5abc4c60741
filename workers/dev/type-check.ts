/** The project's own compiler, once after each change, beside everything else. Its errors stop nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface TypeCheck {
  /** Begins anew; a check in progress is ended. */
  start(): void;
  stop(): void;
}

/** More of them help nobody. */
const MAX_LINES = 20;

export function createTypeCheck(root: string, say: (line: string) => void): TypeCheck {
  const compiler = compilerOf(root);
  if (compiler === null) say('types: not checked; expected tsconfig.json and the package typescript in this project');
  let current: ChildProcess | null = null;
  const stop = (): void => {
    current?.kill('SIGKILL');
    current = null;
  };
  return {
    stop,
    start: () => {
      stop();
      if (compiler === null) return;
      const check = spawn(process.execPath, [compiler, '-p', 'tsconfig.json', '--noEmit', '--pretty', 'false'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      current = check;
      const chunks: Buffer[] = [];
      check.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      check.once('close', () => {
        if (current !== check) return;
        current = null;
        tell(Buffer.concat(chunks).toString('utf8'), say);
      });
    },
  };
}

function tell(text: string, say: (line: string) => void): void {
  const errors = text.split('\n').filter((line) => / error TS\d+: /.test(line));
  for (const line of errors.slice(0, MAX_LINES)) say(`types: ${line}`);
  if (errors.length > MAX_LINES) say(`types: and ${errors.length - MAX_LINES} more`);
  if (errors.length === 0) say('types: no errors');
}

function compilerOf(root: string): string | null {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('typescript/package.json');
    const compiler = join(dirname(manifest), 'bin/tsc');
    return existsSync(join(root, 'tsconfig.json')) && existsSync(compiler) ? compiler : null;
  } catch {
    return null;
  }
}
