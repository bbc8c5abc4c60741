/**
 * Runs the tests: `npm test`, `npm test -- NAME...` for files whose name holds NAME, `--folder DIR` for all of another folder. Fails when it
 * finds no test, because node's own runner would call that a success.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { provideBinary } from '../workers/servers/binaries.ts';
import { provideBuiltProgram } from './support/built-program.ts';
import { BUNDLES } from './support/bundles-folder.ts';
import { together } from './support/together.ts';

const ROOT = join(import.meta.dirname, '..');
/** Bound on one test, and on one file, also on a machine at a quarter of its speed; those of test/chaos take minutes or wait for outages, and are run by name. */
const TEST_TIMEOUT_MS = 600_000;
const CHAOS_TIMEOUT_MS = 5_400_000;
const ALWAYS = ['test/unit', 'test/e2e'];
/** What operators type, each command a process of its own: minutes, so that they are left out when no name is given. */
const BY_NAME = ['test/commands'];
/** Minutes each, or outages: only for a name that no other file has. */
const CHAOS = 'test/chaos';
/** Each has its own servers; most of the time they wait for each other. Outages are told apart better alone, and commands are all processor. */
const FILES_AT_ONCE = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string', multiple: true } },
});
const folders = values.folder ?? (positionals.length === 0 ? ALWAYS : [...ALWAYS, ...BY_NAME]);
const named = (folder: string): string[] =>
  testFiles(folder).filter((file) => positionals.length === 0 || positionals.some((name) => file.includes(name)));
const found = folders.flatMap(named);
const files = found.length === 0 && values.folder === undefined ? named(CHAOS) : found;
if (files.length === 0) {
  console.error(`no test file in ${folders.join(', ')} matches ${positionals.join(', ') || '*.test.ts'}`);
  process.exit(1);
}
// Here rather than in a test, so that a download is seen and does not count against a test's bound.
const report = (line: string): void => console.log(line);
const scratch = mkdtempSync(join(tmpdir(), 'tocsin-run-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const env = {
  ...process.env,
  [BUNDLES]: scratch,
  TOCSIN_TEMPORAL: await provideBinary('temporal', { report }),
  TOCSIN_NATS_SERVER: await provideBinary('nats-server', { report }),
};
provideBuiltProgram();
process.exit(await run(together(files, scratch)));

function testFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => relative(ROOT, join(ROOT, folder, file)))
    .toSorted();
}

function isIn(folder: string, paths: readonly string[]): boolean {
  return paths.some((path) => path.startsWith(folder));
}

async function run(paths: readonly string[]): Promise<number> {
  const options = [
    '--import',
    'tsx',
    '--test',
    `--test-concurrency=${[CHAOS, ...BY_NAME].some((folder) => isIn(folder, paths)) ? 1 : FILES_AT_ONCE}`,
    '--test-reporter=spec',
    `--test-timeout=${isIn(CHAOS, paths) ? CHAOS_TIMEOUT_MS : TEST_TIMEOUT_MS}`,
  ];
  const child = spawn(process.execPath, [...options, ...paths], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  // Whoever ends the runner ends the tests, and the servers that the SDK has started for them, which nobody else would end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => signalGroup(child, signal));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    output = (output + chunk.toString('utf8')).slice(-4_000);
  });
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)));
  signalGroup(child, 'SIGKILL');
  const count = Number(/^ℹ tests (\d+)$/m.exec(output)?.[1] ?? 0);
  if (code === 0 && count === 0) {
    console.error('no test was executed');
    return 1;
  }
  return code;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}
