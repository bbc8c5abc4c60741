/** `tocsin <args> --json` as a process; its exit code and its one document. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { tocsinProcess } from './tocsin-process.ts';

export interface CliResult {
  readonly code: number;
  readonly json: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

const ROOT = join(import.meta.dirname, '../..');

export async function cli(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<CliResult> {
  const child = spawn(process.execPath, tocsinProcess(...args), {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  const out = await stdout;
  return { code, json: parse(out), stdout: out, stderr: await stderr };
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
