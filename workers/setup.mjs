/**
 * Set-up before anything else runs: installs the dependencies of the lockfile when they are missing or stale. Plain JavaScript on
 * Node's own modules, because nothing is installed yet. A second start only compares a hash.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `tocsin needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and start again.`,
  );
  process.exit(2);
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lock = readFileSync(join(root, 'package-lock.json'));
const wanted = createHash('sha256')
  .update(lock)
  .update(`node ${major} ${process.platform} ${process.arch}`)
  .digest('hex');
const marker = join(root, 'node_modules', '.tocsin-lock-hash');

const isDone = () => existsSync(marker) && readFileSync(marker, 'utf8') === wanted;

if (!isDone()) alone(() => isDone() || install());

function install() {
  console.log('installing dependencies from the lockfile ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0)
    fail('npm ci failed (see above). Check the network or your npm registry setting, then start again.');
  writeFileSync(marker, wanted);
}

/** A start beside a test run, say: two that install at once would delete each other's files. What a process that is gone has left is taken over. */
function alone(work) {
  const lock = join(root, '.tocsin', 'setup.lock');
  const until = performance.now() + 600_000;
  mkdirSync(dirname(lock), { recursive: true });
  while (!take(lock)) {
    const holder = Number(readOr(lock, '0'));
    if (!lives(holder)) rmSync(lock, { force: true });
    else if (performance.now() > until)
      fail(
        `process ${holder} has not ended its set-up in 10 minutes. If there is none, remove ${lock}, then start again.`,
      );
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  process.once('exit', () => rmSync(lock, { force: true }));
  work();
  rmSync(lock, { force: true });
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOr(file, other) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return other;
  }
}

/** 0: who it is stands there in a moment. */
function lives(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
