import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { workflowBundle } from '../../workers/bundle.ts';
import { beginsRuns } from '../support/begin-run.ts';
import { type Installation, type RoleProcess, spawnRole, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The same kit as the built program has, which runs as the worker. */
const BUILT_KIT = JSON.stringify(join(ROOT, 'dist/workflows/kit/index.js'));
const ERROR_LEVEL = 50;
const KIT = JSON.stringify(join(ROOT, 'workflows/kit/index.ts'));

const dir = mkdtempSync(join(tmpdir(), 'tocsin-project-'));
const write = (file: string, text: string): void => writeFileSync(join(dir, file), text);
before(() => {
  for (const folder of ['workflows', 'triggers', 'activities']) mkdirSync(join(dir, folder));
  write('package.json', '{ "name": "own", "type": "module" }');
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  write('activities/index.ts', 'export const createActivities = () => ({});');
});
after(() => rmSync(dir, { recursive: true, force: true }));

function tocsin(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const tsx = join(ROOT, 'node_modules/tsx/dist/esm/index.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', tsx, join(ROOT, 'workers/cli.ts'), '--json', ...args],
    { cwd: dir, env: { ...process.env, ...env }, encoding: 'utf8' },
  );
  return { code: status, stdout, stderr };
}

const problems = (): string[] => (JSON.parse(tocsin({}, 'check').stdout) as { problems: string[] }).problems;
const inProject = (text: string): string => text.replaceAll(dir, '');

describe('a project of its own', () => {
  it('runs what its front doors name', () => {
    write(
      'workflows/greet.ts',
      `import { runbook } from ${KIT};\nexport const greet = runbook<object, void, object>(async () => {});\n`,
    );
    write('workflows/index.ts', `export { greet } from './greet.ts';\n`);
    write('triggers/index.ts', 'export const triggers: readonly never[] = [];');
    const { code, stdout } = tocsin({}, 'list');
    assert.deepEqual([code, (JSON.parse(stdout) as { runbooks: string[] }).runbooks], [0, ['greet']]);
    assert.deepEqual(problems(), []);
  });

  it('is told each mistake of its runbooks with file and line, and the others can still run', async () => {
    write(
      'workflows/reads.ts',
      `import { runbook } from ${KIT};\nimport { readFileSync } from 'node:fs';\n` +
        `export const reads = runbook<object, void, object>(async () => void readFileSync('x'));\n`,
    );
    write('workflows/broken.ts', 'export const broken = async (): Promise<void> => {\n  const x = ;\n};\n');
    write(
      'workflows/index.ts',
      ['reads', 'broken', 'greet', 'gone'].map((name) => `export { ${name} } from './${name}.ts';\n`).join('') +
        `export { greet } from './greet.ts';\n`,
    );
    write(
      'workflows/forgotten.ts',
      `import { runbook } from ${KIT};\n\nexport const forgotten = runbook<object, void, object>(async () => {});\n`,
    );
    const found = problems().map(inProject);
    for (const start of [
      '/workflows/index.ts:5: runbook greet is there twice',
      '/workflows/forgotten.ts:3: runbook forgotten is not in /workflows/index.ts; add the line:',
      '/workflows/reads.ts:2: imports node:fs, which workflow code may not',
      '/workflows/broken.ts:2: ',
      '/workflows/index.ts:4: /workflows/gone.ts is not there',
    ])
      assert.ok(
        found.some((text) => text.startsWith(start)),
        `${start}\nnot in\n${found.join('\n')}`,
      );
    assert.equal(found.length, 5);

    const bundle = await workflowBundle(join(dir, 'cache'), pino({ level: 'silent' }), {
      workflows: join(dir, 'workflows/index.ts'),
    });
    assert.deepEqual(
      bundle.broken.map(({ name }) => name),
      ['reads', 'broken', 'gone'],
    );
  });

  it('is told which activity its list does not make, at the line that calls it', () => {
    write(
      'workflows/calls.ts',
      `import { runbook } from ${KIT};\nexport const calls = runbook(async (_input: object, run) => {\n` +
        `  await run.act('a', (on) => on.known({}));\n  await run.act('b', (on) => on.unknown({}));\n});\n`,
    );
    for (const file of ['reads', 'broken', 'forgotten']) rmSync(join(dir, `workflows/${file}.ts`));
    write('workflows/index.ts', `export { greet } from './greet.ts';\nexport { calls } from './calls.ts';\n`);
    write(
      'activities/index.ts',
      `export const createActivities = ({ http }: any) => ({ known: async () => http.request({}) });`,
    );
    assert.deepEqual(problems().map(inProject), [
      '/workflows/calls.ts:4: runbook calls calls activity unknown, which activities/index does not register; ' +
        'add the line that creates it to createActivities there',
    ]);
    write('activities/index.ts', 'export const createActivities = () => ({});');
  });

  it('is told what its lists lack', () => {
    write('triggers/index.ts', 'export const nothing = 1;');
    assert.deepEqual(problems().map(inProject), [
      '/triggers/index.ts exports no triggers; expected a list of triggers',
    ]);
    write('triggers/index.ts', 'export const triggers = [;');
    const [text = ''] = problems().map(inProject);
    assert.match(text, /^\/triggers\/index\.ts cannot be loaded: [\s\S]*\/triggers\/index\.ts:1:25/);
  });

  it('must be where TOCSIN_PROJECT says', () => {
    const { code, stdout } = tocsin({ TOCSIN_PROJECT: join(dir, 'nowhere') }, 'list');
    assert.equal(code, 2);
    assert.match(stdout, /expected a folder with workflows\/index, triggers\/index, activities\/index/);
  });
});

describe('a worker of a project with every mistake at once', () => {
  const project = mkdtempSync(join(tmpdir(), 'tocsin-mistakes-'));
  const put = (file: string, text: string): void => writeFileSync(join(project, file), text);
  const runs = (name: string, body: string): string =>
    `import { runbook } from ${BUILT_KIT};\nexport const ${name} = runbook(async (_input: object, run) => {\n${body}\n});\n`;
  let tocsin: Installation;
  let worker: RoleProcess | undefined;

  before(async () => {
    for (const folder of ['workflows', 'triggers', 'activities']) mkdirSync(join(project, folder));
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
    put('package.json', '{ "type": "module" }');
    put('triggers/index.ts', 'export const triggers: readonly never[] = [];');
    put('activities/index.ts', `export const createActivities = () => ({ say: async () => 'said' });`);
    put('workflows/greet.ts', runs('greet', `  return await run.act('say', (on) => on.say({}));`));
    put('workflows/other.ts', runs('greet', `  return 'the other';`));
    put('workflows/broken.ts', runs('broken', '  const x = ;'));
    put('workflows/reads.ts', `import { readFileSync } from 'node:fs';\n${runs('reads', `  readFileSync('x');`)}`);
    put('workflows/calls.ts', runs('calls', `  await run.act('a', (on) => on.unknown({}));`));
    put('workflows/forgotten.ts', runs('forgotten', ''));
    put(
      'workflows/index.ts',
      ['broken', 'reads', 'calls'].map((name) => `export { ${name} } from './${name}.ts';\n`).join('') +
        `export { greet } from './greet.ts';\nexport { greet } from './other.ts';\n`,
    );
    tocsin = await startInstallation();
    worker = await spawnRole(['worker'], { ...tocsin.env, TOCSIN_PROJECT: project }, tocsin.servers.dir);
  });
  after(async () => {
    await worker?.kill();
    await tocsin?.stop();
    rmSync(project, { recursive: true, force: true });
  });

  const errors = (): string[] =>
    tocsin
      .logLines()
      .filter(({ level }) => level >= ERROR_LEVEL)
      .map(({ msg }) => msg.replaceAll(project, ''));

  it('runs the runbooks that are in order to their end', async () => {
    const id = await beginsRuns(tocsin, 'checkout')('greet', {});
    assert.equal(await tocsin.client.workflow.getHandle(id).result(), 'said');
  });

  for (const [mistake, said] of [
    ['a syntax error', /^runbook broken is left out, and its runs wait: \/workflows\/broken\.ts:3: /],
    [
      'two runbooks of one name',
      /^\/workflows\/index\.ts:5: runbook greet is there twice; give one of them another name/,
    ],
    [
      'workflow code that imports Node',
      /^runbook reads is left out, and its runs wait: \/workflows\/reads\.ts:1: imports node:fs/,
    ],
    [
      'a runbook without a line in the list',
      /^\/workflows\/forgotten\.ts:2: runbook forgotten is not in \/workflows\/index\.ts; add the line/,
    ],
    [
      'an activity that nobody registers',
      /^\/workflows\/calls\.ts:3: runbook calls calls activity unknown, which activities\/index does not register/,
    ],
  ] as const)
    it(`names ${mistake} with file and line in its log`, async () => {
      await until(`${String(said)} in its log`, () => errors().some((line) => said.test(line)));
    });
});
