/** Writes files of a project, all or none. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';

/** Rejects, before anything is written, when one of them is there already. */
export function writeNewFiles(root: string, files: Readonly<Record<string, string>>): void {
  const there = Object.keys(files).filter((file) => existsSync(join(root, file)));
  if (there.length > 0)
    throw new CommandError(EXIT.refused, `${there.join(', ')} in ${root}: there already, and nothing was written`);
  writeFiles(root, files);
}

export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}
