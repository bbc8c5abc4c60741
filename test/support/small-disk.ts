/** A small file system of its own, in memory; needs root, or tests with it are skipped by name. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface SmallDisk {
  /** Mount point, without links in it. */
  readonly path: string;
  /** Parts of `path` may be missing. */
  write(path: string, kib: number, ageHours: number): string;
  close(): void;
}

export const lacksMount: string | false = (() => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-mount-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', dir]).status !== 0)
      return 'a file system cannot be mounted here: run as root';
    execFileSync('umount', [dir]);
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
})();

export function mountSmallDisk(mebibytes: number): SmallDisk {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'tocsin-disk-')));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'none', path]);
  return {
    path,
    write: (name, kib, ageHours) => {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.alloc(kib * 1_024, 'x'));
      const at = Date.now() / 1_000 - ageHours * 3_600;
      utimesSync(file, at, at);
      return file;
    },
    close: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
