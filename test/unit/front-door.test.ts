import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { listProblems, listedRunbooks } from '../../workers/front-door.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-front-door-'));
const list = join(folder, 'index.ts');
after(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string): string => `export const ${name} = runbook(async () => null);\n`;

test('runbooks are listed from other files and from the list itself; comments and types are not', () => {
  writeFileSync(join(folder, 'a.ts'), written('a'));
  writeFileSync(
    list,
    `// export { gone } from './gone.ts';\nexport { a, type A } from './a.ts';\n${written('here')}/* ${written('not')} */\n`,
  );
  assert.deepEqual(
    listedRunbooks(list).map(({ name, file, place }) => [name, file, place]),
    [
      ['a', join(folder, 'a.ts'), `${list}:2`],
      ['here', list, `${list}:3`],
    ],
  );
  assert.deepEqual(listProblems(list), []);
});

test('a name that is there twice, and a runbook that is in no list, are named with file and line', () => {
  writeFileSync(join(folder, 'b.ts'), `\n${written('forgotten')}`);
  writeFileSync(list, `export { a } from './a.ts';\n${written('a')}`);
  assert.deepEqual(listProblems(list), [
    `${list}:2: runbook a is there twice; give one of them another name`,
    `${join(folder, 'b.ts')}:2: runbook forgotten is not in ${list}; add the line: export { forgotten } from './b.ts';`,
  ]);
});
