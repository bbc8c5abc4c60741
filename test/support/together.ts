/**
 * Files of unit tests that share a process: loading what they import costs more than what most of them do. Their top-level hooks are
 * then those of all of them, so that only `after` has a place there.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** So many that a slow file delays few others, and that each ends within the bound of a file on a busy machine. */
const PROCESSES = 12;

/** The paths to run: files that import those of test/unit, written to `folder`, and the others as they are. */
export function together(paths: readonly string[], folder: string): string[] {
  const unit = paths.filter((path) => path.startsWith(join('test', 'unit')));
  const others = paths.filter((path) => !unit.includes(path));
  if (unit.length <= PROCESSES) return [...unit, ...others];
  const groups = Array.from({ length: PROCESSES }, (_, group) => {
    const file = join(folder, `unit-${group + 1}.test.mjs`);
    const members = unit.filter((_path, index) => index % PROCESSES === group);
    writeFileSync(
      file,
      members.map((path) => `import ${JSON.stringify(pathToFileURL(resolve(path)).href)};\n`).join(''),
    );
    return file;
  });
  return [...groups, ...others];
}
