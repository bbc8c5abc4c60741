/**
 * The data directory belongs to one process at a time. The lock names that process and the servers it started, so that a next start can
 * say who is in the way, or end what a killed process has left behind.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';

export interface DataDirLock {
  /** Remember a server's pid, so that a later start can end it if this process is killed. */
  addServer(pid: number): void;
  release(): void;
}

interface LockFile {
  readonly pid: number;
  /** When that process started, in ticks since boot: a pid alone may be somebody else's by now. */
  readonly born: string | null;
  readonly servers: readonly { readonly pid: number; readonly born: string | null }[];
}

/** What wrote the data; another layout has another name. */
const LAYOUT = 'nats 2.15, temporal 1.32, layout 1';

/** Rejects when another process holds it, or when it was written by servers of another version. */
export function lockDataDir(dir: string, report: (line: string) => void): DataDirLock {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'lock.json');
  const earlier = readLock(file);
  if (earlier !== null && isAlive(earlier)) {
    throw new CommandError(
      EXIT.refused,
      `another tocsin (process ${earlier.pid}) works in ${dir}. Stop it, or give this one its own directory with TOCSIN_DATA_DIR and other ports.`,
    );
  }
  for (const server of earlier?.servers ?? []) {
    if (!isAlive(server)) continue;
    report(`ending server process ${server.pid}, left behind by process ${earlier?.pid ?? '?'} ...`);
    process.kill(server.pid, 'SIGKILL');
  }
  checkLayout(dir);
  let content: LockFile = { pid: process.pid, born: bornAt(process.pid), servers: [] };
  const write = (): void => writeFileSync(file, JSON.stringify(content));
  write();
  return {
    addServer: (pid) => {
      content = { ...content, servers: [...content.servers, { pid, born: bornAt(pid) }] };
      write();
    },
    release: () => rmSync(file, { force: true }),
  };
}

function readLock(file: string): LockFile | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockFile;
  } catch {
    // Cut short by a crash while it was written: nobody holds it.
    return null;
  }
}

function checkLayout(dir: string): void {
  const file = join(dir, 'layout');
  if (!existsSync(file)) writeFileSync(file, LAYOUT);
  const found = readFileSync(file, 'utf8');
  if (found !== LAYOUT) {
    throw new CommandError(
      EXIT.refused,
      `${dir} was written by "${found}", this is "${LAYOUT}". Move the directory away (its events and runs stay in it) and start again.`,
    );
  }
}

function isAlive({ pid, born }: { readonly pid: number; readonly born: string | null }): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return born === bornAt(pid);
}

/** Field 22 of /proc/<pid>/stat; null where there is no such file. */
function bornAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
