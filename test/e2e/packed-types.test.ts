/** The mistakes of test/types are compile errors in a project of its own too, which has nothing but the declarations of the packed package. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const TYPES = join(ROOT, 'test/types');
const FILES = readdirSync(TYPES).filter((name) => name.endsWith('.test-d.ts'));

/** What stands for an import of this repository; every other import of it fails the test. */
const PACKED: Readonly<Record<string, string>> = {
  '../../activities/look.ts': 'tocsin/activities',
  '../../triggers/events/event-type.ts': 'tocsin/triggers',
  '../../triggers/restart-service.ts': 'tocsin/triggers',
  '../../workflows/kit/index.ts': 'tocsin/workflows',
  '../../workflows/index.ts': 'tocsin/runbooks',
  '../../workers/testing/index.ts': 'tocsin/testing',
};
const OWN_DEFINE_TRIGGER = `import { triggersFor } from 'tocsin/triggers';
const defineTrigger = triggersFor<typeof import('tocsin/runbooks')>();`;

const packed = (source: string): string =>
  source
    .replace("import { defineTrigger } from '../../triggers/define-trigger.ts';", OWN_DEFINE_TRIGGER)
    .replaceAll(
      /from '(\.[^']+)'/g,
      (_all, file: string) => `from '${PACKED[file] ?? assert.fail(`${file} is not packed`)}'`,
    );

describe('types of the packed package', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-types-'));
  before(() => {
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], ROOT);
    const [tarball = ''] = readdirSync(dir).filter((name) => name.endsWith('.tgz'));
    run('tar', ['-xzf', tarball], dir);
    // What it depends on, as an installation would have it beside it.
    mkdirSync(join(dir, 'node_modules'));
    for (const name of readdirSync(join(ROOT, 'node_modules')).filter((each) => !each.startsWith('.')))
      symlinkSync(join(ROOT, 'node_modules', name), join(dir, 'node_modules', name));
    run('mv', ['package', 'node_modules/tocsin'], dir);
    writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }');
    const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
      compilerOptions: object;
    };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const compile = () => {
    const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', dir], {
      cwd: dir,
      encoding: 'utf8',
    });
    return { status, stdout };
  };

  it('each mistake is one, and nothing else is', () => {
    for (const name of FILES) writeFileSync(join(dir, name), packed(readFileSync(join(TYPES, name), 'utf8')));
    assert.deepEqual(compile(), { status: 0, stdout: '' });
  });

  it('a mistake that is not expected is told', () => {
    const sources = FILES.map((name) => packed(readFileSync(join(TYPES, name), 'utf8')));
    const expected = sources.join('').match(/@ts-expect-error/g)?.length ?? 0;
    for (const [index, name] of FILES.entries())
      writeFileSync(join(dir, name), (sources[index] ?? '').replaceAll('@ts-expect-error', 'here'));
    const { status, stdout } = compile();
    assert.notEqual(status, 0);
    const files = new Set(stdout.match(/^\S+(?=\(\d+,\d+\): error)/gm));
    assert.deepEqual([...files].toSorted(), FILES.toSorted());
    assert.ok((stdout.match(/: error TS/g)?.length ?? 0) >= expected, stdout);
  });
});

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}
