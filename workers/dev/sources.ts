/** The files of a project that a running process stands on. Looked at again and again: notices of the system get lost on some disks. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../../triggers/path/pause.ts';

/** File by file, when it was written and how long it is. */
export type Sources = ReadonlyMap<string, string>;

const FOLDERS = ['workflows', 'triggers', 'activities'] as const;
const LOOK_EVERY_MS = 100;

export function readSources(root: string, configFile: string): Sources {
  const files = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[jt]s$/.test(file))
      .map((file) => join(root, folder, file)),
  );
  return new Map([...files, configFile].map((file) => [file, stampOf(file)]));
}

/** Resolves with what differs from `known` once it has been the same for two looks: an editor writes several files. */
export async function nextChange(
  known: Sources,
  look: () => Sources,
  signal: AbortSignal,
): Promise<{ readonly sources: Sources; readonly files: readonly string[] } | null> {
  let before = look();
  while (!signal.aborted) {
    await pause(LOOK_EVERY_MS, signal);
    const sources = look();
    const files = differing(known, sources);
    if (files.length > 0 && differing(before, sources).length === 0) return { sources, files };
    before = sources;
  }
  return null;
}

const differing = (one: Sources, other: Sources): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((file) => one.get(file) !== other.get(file));

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${stat.mtimeMs} ${stat.size}`;
}
