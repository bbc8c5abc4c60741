import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { together } from '../support/together.ts';

const ROOT = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'tocsin-runner-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'test/run.ts', ...args], { cwd: ROOT, encoding: 'utf8' });

describe('the runner of tests', () => {
  it('fails when no file has the name', () => {
    const { status, stderr } = run('no-such-test');
    assert.deepEqual([status, stderr.includes('matches no-such-test')], [1, true], stderr);
  });

  it('fails when a folder has no test', () => {
    writeFileSync(join(dir, 'helper.ts'), '');
    assert.equal(run('--folder', relative(ROOT, dir)).status, 1);
  });

  it('each file of unit tests is in one process, and the others stay alone', () => {
    const unit = Array.from({ length: 90 }, (_, index) => `test/unit/${index + 10}.test.ts`);
    const paths = together([...unit, 'test/e2e/a.test.ts'], dir);
    assert.equal(paths.at(-1), 'test/e2e/a.test.ts');
    assert.ok(paths.length < 20, String(paths.length));
    const members = paths
      .slice(0, -1)
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/test\/unit\/\d+\.test\.ts/g)].map(([name]) => name));
    assert.deepEqual(members.toSorted(), unit);
  });
});
