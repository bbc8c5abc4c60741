/**
 * Set-up before anything else runs: installs the dependencies of the lockfile when they are missing or stale. Plain JavaScript on
 * Node's own modules, because nothing is installed yet. A second start only compares a hash.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
  console.log('installing dependencies from the lockfile ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) {
    console.error('npm ci failed (see above). Check the network or your npm registry setting, then start again.');
    process.exit(1);
  }
  writeFileSync(marker, wanted);
}
