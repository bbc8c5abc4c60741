import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { beginsRuns } from '../support/begin-run.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, spawnRole, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const KIT = JSON.stringify(join(ROOT, 'dist/workflows/kit/index.js'));

const TIDY = `import { sleep } from '@temporalio/workflow';
import { runbook } from ${KIT};
export const tidy = runbook(async (_input: object, run) => {
  await run.check('is it dirty?', (on) => on.peek({}));
  await run.act('sweep', (on) => on.sweep({}));
  await sleep('1 hour');
  await run.act('lock up', (on) => on.lockUp({}));
});
`;
const GONE = `import { sleep } from '@temporalio/workflow';
import { runbook } from ${KIT};
export const gone = runbook(async ({ brief }: { brief: boolean }, run) => {
  await run.check('is it dirty?', (on) => on.peek({}));
  if (!brief) await sleep('1 hour');
});
`;
const LISTS_TIDY = `export { tidy } from './tidy.ts';\n`;
const LISTS_GONE = `export { gone } from './gone.ts';\n`;

let tocsin: Installation;
let worker: RoleProcess | undefined;

function writeProject(name: string, workflows: Readonly<Record<string, string>>): string {
  const dir = join(tocsin.servers.dir, name);
  const write = (file: string, text: string): void => writeFileSync(join(dir, file), text);
  for (const folder of ['workflows', 'triggers', 'activities']) mkdirSync(join(dir, folder), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  write('package.json', '{ "type": "module" }');
  write('triggers/index.ts', 'export const triggers: readonly never[] = [];');
  write(
    'activities/index.ts',
    'const done = async () => ({});\nexport const createActivities = () => ({ peek: done, sweep: done, lockUp: done });',
  );
  for (const [file, text] of Object.entries(workflows)) write(`workflows/${file}.ts`, text);
  return dir;
}

const on = (project: string, ...args: readonly string[]) => cli({ ...tocsin.env, TOCSIN_PROJECT: project }, ...args);

/** As a process prints it. */
interface Answer {
  readonly replayed: number;
  readonly notLookedAt: number;
  readonly broken: readonly { readonly name: string; readonly problem: string }[];
}

describe('tocsin replay', () => {
  const projects = { old: '', same: '', changed: '' };
  let histories = '';
  let waiting = '';
  let orphan = '';

  before(async () => {
    tocsin = await startInstallation();
    const both = { index: LISTS_TIDY + LISTS_GONE, tidy: TIDY, gone: GONE };
    projects.old = writeProject('old', both);
    // What has not happened yet may change.
    projects.same = writeProject('same', { ...both, tidy: TIDY.replace('on.lockUp', 'on.sweep') });
    projects.changed = writeProject('changed', { index: LISTS_TIDY, tidy: TIDY.replace('on.sweep', 'on.lockUp') });
    worker = await spawnRole(['worker'], { ...tocsin.env, TOCSIN_PROJECT: projects.old }, tocsin.servers.dir);
    const begin = beginsRuns(tocsin, 'checkout');
    waiting = await begin('tidy', {});
    orphan = await begin('gone', { brief: false });
    const ended = await begin('gone', { brief: true });
    await tocsin.client.workflow.getHandle(ended).result();
    histories = join(tocsin.servers.dir, 'histories');
    mkdirSync(histories);
    for (const [name, id] of [['waiting', waiting] as const, ['orphan', orphan] as const]) {
      const history = await until(`${name} waits`, async () => {
        const found = await tocsin.client.workflow.getHandle(id).fetchHistory();
        return found.events?.some((event) => event.timerStartedEventAttributes) === true ? found : null;
      });
      writeFileSync(join(histories, `${name}.json`), historyToJSON(history));
    }
    await until('they are listed', async () => {
      const { executions } = await tocsin.client.workflowService.listWorkflowExecutions({
        namespace: tocsin.servers.namespace,
        query: 'TocsinTrigger IS NOT NULL',
      });
      return executions?.filter(({ status }) => status === 1).length === 2 && executions.length === 3;
    });
  });
  after(async () => {
    await worker?.kill();
    await tocsin.stop();
  });

  it('lets code pass that changes only what has not happened yet', async () => {
    const { code, stdout, stderr } = await on(projects.same, 'replay', '--from-server');
    assert.deepEqual([code, stdout, stderr], [0, '3 histories replay: no run in progress would break\n', '']);
    const folder = await on(projects.same, '--json', 'replay', histories);
    assert.deepEqual([folder.code, folder.json], [0, { replayed: 2, broken: [], notLookedAt: 0 }]);
  });

  it('names the run in progress, the event and the step from which on the code goes another way', async () => {
    const { code, json, stderr } = await on(projects.changed, '--json', 'replay', '--from-server');
    const { replayed, broken, notLookedAt } = json as Answer;
    assert.deepEqual([code, replayed, notLookedAt, stderr], [1, 2, 0, '']);
    const problems = Object.fromEntries(broken.map(({ name, problem }) => [name, problem]));
    assert.match(problems[waiting] ?? '', /^event 1\d, step "sweep": .*'sweep' does not match .*'lockUp'$/);
    // Not only when its code is there to be replayed: a run whose runbook is gone cannot go on at all.
    assert.match(problems[orphan] ?? '', /^event 1, before the first step: runbook gone is not in workflows\/index/);
    assert.equal(broken.length, 2, 'the run of it that has ended needs it no more');
  });

  it('says the same of a folder of histories, in words', async () => {
    const { code, stdout, stderr } = await on(projects.changed, 'replay', histories);
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(stdout, /^orphan\.json: event 1, before the first step: runbook gone is not in workflows\/index/);
    assert.match(stdout, /\nwaiting\.json: event 1\d, step "sweep": /);
    assert.match(stdout, /\n2 of 2 histories do not replay: such runs break\. Keep the old path behind patched\(\)/);
  });

  it('is no clean answer when runs in progress were not looked at, and says which limit reaches them', async () => {
    const { code, stdout } = await on(projects.same, 'replay', '--from-server', '--limit', '1');
    assert.equal(code, 1);
    assert.equal(
      stdout,
      '1 histories replay\n1 runs in progress, the oldest, were not looked at, and may break: repeat it with --limit 2\n',
    );
  });

  it('what proves nothing is exit code 2', async () => {
    const empty = join(tocsin.servers.dir, 'empty');
    mkdirSync(empty);
    for (const args of [[histories, '--from-server'], [empty]])
      assert.equal((await on(projects.same, 'replay', ...args)).code, 2, args.join(' '));
  });
});
