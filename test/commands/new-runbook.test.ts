/** `tocsin new runbook` where its files have to please more than a compiler: in a copy of this repository. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
/** As long as names may be: no line of a template fits it by luck. */
const NAME = 'rebalanceAllShardsOfTheLargestCluster';
const FILE = 'rebalance-all-shards-of-the-largest-cluster';
const FILES = {
  made: [`workflows/${FILE}.ts`, `activities/${FILE}.ts`, `triggers/${FILE}.ts`, `test/e2e/${FILE}.test.ts`],
  changed: ['workflows/index.ts', 'activities/index.ts', 'triggers/index.ts'],
};
const CODE = ['workflows', 'activities', 'triggers', 'workers', 'package.json'];
const TESTS = ['run.ts', 'support', 'unit', 'e2e', 'commands'].map((path) => join('test', path));
const CONFIGURATION = ['tsconfig.json', 'tsconfig.build.json', '.prettierrc.json', '.oxlintrc.json', 'tocsin.yaml'];

const dir = mkdtempSync(join(tmpdir(), 'tocsin-clone-'));

/** Rejects with what it said when it fails. */
function node(...args: readonly string[]): string {
  // A test runner that is told that it runs within another says nothing that can be read.
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, env, encoding: 'utf8' });
  assert.equal(status, 0, `${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}
const bin = (file: string, ...args: readonly string[]): string => node(join('node_modules', file), ...args);
const tocsin = (...args: readonly string[]): unknown =>
  JSON.parse(node('--import', 'tsx', 'workers/cli.ts', '--json', ...args));

describe('tocsin new runbook, in a clone of this repository', () => {
  before(() => {
    for (const path of [...CODE, ...TESTS, ...CONFIGURATION])
      cpSync(join(ROOT, path), join(dir, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('writes four files and adds a line to each list', () => {
    assert.deepEqual(tocsin('new', 'runbook', NAME), { runbook: NAME, ...FILES });
    assert.deepEqual(tocsin('check'), { ok: true, problems: [], warnings: [] });
  });

  it('leaves nothing to format, to lint or to type', () => {
    const files = [...FILES.made, ...FILES.changed];
    bin('prettier/bin/prettier.cjs', '--check', ...files);
    bin('oxlint/bin/oxlint', '--deny-warnings', ...files);
    writeFileSync(join(dir, 'tsconfig.new.json'), JSON.stringify({ extends: './tsconfig.json', include: files }));
    bin('typescript/bin/tsc', '-p', 'tsconfig.new.json', '--noEmit');
  });

  it('puts its test where the tests are found, and it passes', () => {
    const said = node('--import', 'tsx', 'test/run.ts', FILE);
    assert.match(said, new RegExp(`▶ ${NAME}\\n[^]*✔ repairs what is sick[^]*ℹ tests 3\\n[^]*ℹ pass 3\\n`));
  });
});
