/** What runbook authors can call has a page, and the page an example that a test runs. The functions are read from the kit itself. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as kit from '../../workflows/kit/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const filesOf = (folder: string, end: string): readonly string[] =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith(end))
    .map((file) => file.slice(0, -end.length));

const EXPORTED = Object.entries(kit).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
/** Methods of `Run`, as prettier writes them. */
const OF_RUN = [...read('workflows/kit/run.ts').matchAll(/^export interface Run<[^]*?^}/gm)].flatMap(([text]) =>
  [...text.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name = '']) => name),
);
const FUNCTIONS = [...EXPORTED, ...OF_RUN];
const PAGES = filesOf('docs/kit', '.md').filter((name) => name !== 'README');
const EXAMPLES = filesOf('test/examples', '.ts');
const TESTS = filesOf('test/e2e', '.test.ts').map((name) => read(`test/e2e/${name}.test.ts`));

const headingOf = (page: string): string => /^# (.*)$/m.exec(read(`docs/kit/${page}.md`))?.[1] ?? '';
const pagesOf = (name: string): readonly string[] =>
  PAGES.filter((page) => new RegExp(`\\b${name}\\b`).test(headingOf(page)));

describe('the kit', () => {
  it('has functions that are known here', () => {
    for (const name of ['runbook', 'fanOut', 'limit', 'check', 'act', 'child', 'onRegion', 'report'])
      assert.ok(FUNCTIONS.includes(name), `${name} is not among ${FUNCTIONS.join()}`);
  });

  for (const name of FUNCTIONS)
    it(`${name} has one page, whose example calls it`, () => {
      const [page, ...more] = pagesOf(name);
      assert.ok(page !== undefined, `no heading of docs/kit/*.md names ${name}`);
      assert.deepEqual(more, []);
      assert.match(read(`test/examples/${page}.ts`), new RegExp(`\\b${name}\\b(<[^\\n]*>)?\\(`));
    });

  for (const page of PAGES)
    it(`docs/kit/${page}.md quotes its example as it is, and docs/kit/README.md leads to it`, () => {
      assert.ok(read(`docs/kit/${page}.md`).includes(`\`\`\`ts\n${read(`test/examples/${page}.ts`)}\`\`\``));
      assert.ok(read('docs/kit/README.md').includes(`](${page}.md)`));
    });

  for (const example of EXAMPLES)
    it(`test/examples/${example}.ts has a page, and a test runs each of its runbooks`, () => {
      assert.ok(PAGES.includes(example));
      const runbooks = [...read(`test/examples/${example}.ts`).matchAll(/^export const (\w+) = runbook</gm)];
      assert.ok(runbooks.length > 0);
      for (const [, name = ''] of runbooks)
        assert.ok(
          TESTS.some((text) => text.includes(`'${name}'`)) || calledByAnother(example, name),
          `no test of test/e2e runs ${name}`,
        );
    });
});

/** A part of another runbook of its example. */
const calledByAnother = (example: string, name: string): boolean =>
  new RegExp(`(run\\.child<typeof ${name}>|runbook: '${name}')`).test(read(`test/examples/${example}.ts`));
