/** The program that tests start as processes, built anew when a source is newer than what was built. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = [
  'workflows',
  'activities',
  'triggers',
  'workers',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const BUILT = 'dist/workers/cli.js';

/** Rejects with what the compiler said when the sources do not compile. */
export function provideBuiltProgram(): void {
  if (newest([BUILT]) > newest(SOURCES)) return;
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run build failed (see above): tests start the built program');
}

/** Milliseconds of the latest change; a folder changes when a file in it comes or goes. */
function newest(paths: readonly string[]): number {
  const times = paths.map((path) => {
    const found = statSync(join(ROOT, path), { throwIfNoEntry: false });
    if (!found) return 0;
    if (!found.isDirectory()) return found.mtimeMs;
    const inside = readdirSync(join(ROOT, path)).map((name) => join(path, name));
    return Math.max(found.mtimeMs, newest(inside));
  });
  return Math.max(0, ...times);
}
