/**
 * The stop file of a host: the red button that needs neither NATS nor Temporal. Each line is a scope, `all` or `label=value`, with a reason
 * behind ` # `. An empty file stops everything (`touch STOP`), and so does one that cannot be read or understood.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Scope, type Stop, parseScope } from '../../triggers/path/stop.ts';

export const stopFilePath = (config: { readonly dataDir: string; readonly redButton: { readonly file: string } }) =>
  resolve(config.dataDir, config.redButton.file);

/** What the file stops now; empty when there is none. Never rejects. */
export async function readStopFile(path: string): Promise<readonly Stop[]> {
  try {
    const text = await readFile(path, 'utf8');
    return parseStopFile(text, path, new Date((await stat(path)).mtimeMs).toISOString());
  } catch (error) {
    // Also when it was taken away between the two looks.
    if (isAbsent(error)) return [];
    return [everything(path, `it cannot be read: ${error instanceof Error ? error.message : String(error)}`, '')];
  }
}

export function parseStopFile(text: string, path: string, at: string): readonly Stop[] {
  const stops: Stop[] = [];
  for (const line of text.split('\n')) {
    const [, written = '', why = ''] = /^\s*(.*?)(?:(?:^|\s+)#\s*(.*?))?\s*$/.exec(line) ?? [];
    if (written === '') continue;
    const scope = parseScope(written);
    if (scope === null) return [everything(path, `line ${JSON.stringify(line)} is not understood`, at)];
    stops.push({ scope, why, by: byFile(path), at });
  }
  return stops.length === 0 ? [everything(path, '', at)] : stops;
}

/** Add a scope; the file is whole at any moment. Throws when it cannot be written. */
export function writeStopFile(path: string, scope: Scope, why: string): void {
  const line = `${scope} # ${why.replaceAll(/\s+/g, ' ')}`.trimEnd();
  store(path, [...linesOf(path).filter((each) => scopeOf(each) !== scope), line]);
}

/** Take a scope out, and the file with the last one. `all` also takes out a file that stops everything by being empty or garbled. */
export function clearStopFile(path: string, scope: Scope): 'cleared' | 'absent' {
  const lines = linesOf(path);
  const kept = lines.filter((each) => scopeOf(each) !== scope);
  if (kept.length === lines.length && !(scope === 'all' && stopsAll(path))) return 'absent';
  if (kept.length === 0 || (scope === 'all' && kept.length === lines.length)) rmSync(path, { force: true });
  else store(path, kept);
  return 'cleared';
}

const stopsAll = (path: string): boolean => {
  const text = textOf(path);
  return text !== null && parseStopFile(text, path, '').some(({ scope }) => scope === 'all');
};

function store(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${lines.join('\n')}\n`);
  renameSync(`${path}.new`, path);
}

const linesOf = (path: string): string[] => (textOf(path) ?? '').split('\n').filter((line) => line.trim() !== '');

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

const scopeOf = (line: string): string => line.replace(/(^|\s+)#.*$/, '').trim();
const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const byFile = (path: string): string => `stop file ${path}`;
const everything = (path: string, why: string, at: string): Stop => ({ scope: 'all', why, by: byFile(path), at });
