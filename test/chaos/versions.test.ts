import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { RUNBOOK_QUEUE } from '../../workflows/kit/run-context.ts';
import { type Version, describeDeployment } from '../../workers/versions/deployment.ts';
import { wholeActs } from '../support/acts.ts';
import { cli } from '../support/cli.ts';
import { type Installation, spawnRole, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');

let tocsin: Installation;
let roles: Awaited<ReturnType<typeof spawnRole>>[] = [];
let runs = 0;

/** Servers and workers of their own for one describe. */
function withBehaviour(behaviour: 'pinned' | 'autoUpgrade'): void {
  before(async () => {
    roles = [];
    tocsin = await startInstallation({ config: () => ({ deployment: { behaviour } }) });
  });
  after(async () => {
    await Promise.all(roles.map((role) => role.kill()));
    await tocsin.stop();
  });
}

/** A project whose runbook says twice which code runs it; what build two does to sick targets fails. */
function writeProject(build: string): string {
  const dir = join(tocsin.servers.dir, build);
  for (const folder of ['workflows', 'triggers', 'activities']) mkdirSync(join(dir, folder), { recursive: true });
  const write = (file: string, text: string): void => writeFileSync(join(dir, file), text);
  const packages = join(dir, 'node_modules');
  if (!existsSync(packages)) symlinkSync(join(ROOT, 'node_modules'), packages);
  write('package.json', '{ "type": "module" }');
  write('triggers/index.ts', 'export const triggers: readonly never[] = [];');
  write('workflows/index.ts', `export { twice } from './twice.ts';\n`);
  write(
    'workflows/twice.ts',
    `import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
const acts = proxyActivities({ taskQueue: 'activities-eu', startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } });
export async function twice(input: { sick: boolean }): Promise<string[]> {
  let go = false;
  setHandler(defineSignal('go'), () => { go = true; });
  const first = await acts.say(input);
  await condition(() => go);
  return ['${build}', first, await acts.say(input)];
}
`,
  );
  write(
    'activities/index.ts',
    `export const createActivities = () => ({
  say: async ({ sick }: { sick: boolean }) => {
    if (sick && '${build}' === 'two') throw new Error('build two is bad');
    return '${build}';
  },
});
`,
  );
  return dir;
}

async function startBuild(build: string): Promise<void> {
  const env = { ...tocsin.env, TOCSIN_PROJECT: writeProject(build), TOCSIN_BUILD_ID: build };
  roles.push(await spawnRole(['worker'], env, join(tocsin.servers.dir, build)));
  await until(`workers of ${build} ask for tasks`, async () => (await version(build))?.workers === 2, 60_000);
}

async function version(build: string): Promise<Version | undefined> {
  const { versions } = await describeDeployment({
    client: tocsin.client,
    namespace: 'default',
    deployment: 'tocsin',
  }).catch(() => ({ versions: [] }));
  return versions.find((each) => each.build === build);
}

const versions = (...args: readonly string[]) => cli(tocsin.env, '--json', 'versions', ...args);

async function start(sick = false) {
  const workflowId = `twice/${(runs += 1)}`;
  return tocsin.client.workflow.start('twice', { taskQueue: RUNBOOK_QUEUE, workflowId, args: [{ sick }] });
}

type Run = Awaited<ReturnType<typeof start>>;

async function finish(run: Run): Promise<unknown> {
  await run.signal('go');
  return run.result();
}

describe('versions of the workers', () => {
  withBehaviour('pinned');
  let old: Run;

  it('the first takes runs once it is promoted, and not before', async () => {
    await startBuild('one');
    const none = await versions('list');
    assert.equal(none.code, 1, none.stdout + none.stderr);
    old = await start();
    assert.equal((await versions('promote', 'three')).code, 2);
    const promoted = await versions('promote', 'one', '--why', 'first');
    assert.deepEqual([promoted.code, promoted.json], [0, { deployment: 'tocsin', build: 'one', share: 100 }]);
    await until('the run is on it', async () => (await version('one'))?.running === 1);
  });

  it('a bad one is given a share of new runs, seen to fail, and rolled back', async () => {
    await startBuild('two');
    assert.equal((await versions('promote', 'two', '--ramp', '50')).code, 0);
    for (let index = 0; index < 20; index += 1) await start(true);
    await until('it fails', async () => ((await version('two'))?.failed ?? 0) > 0);
    assert.equal((await version('one'))?.failed, 0);
    const list = (await versions('list')).json as { versions: { build: string; state: string; share: number }[] };
    assert.deepEqual(
      list.versions.map(({ build, state, share }) => [build, state, share]),
      [
        ['two', 'ramping', 50],
        ['one', 'current', 50],
      ],
    );
    assert.equal((await versions('roll-back', '--why', 'it fails')).code, 0);
    const after = await Promise.all(Array.from({ length: 10 }, () => start()));
    assert.deepEqual(
      await Promise.all(after.map(finish)),
      after.map(() => ['one', 'one', 'one']),
    );
  });

  it('runs in progress end on the version they began on, while new ones take the new', async () => {
    assert.equal((await versions('promote', 'two')).code, 0);
    const fresh = await start();
    assert.deepEqual(await finish(fresh), ['two', 'two', 'two']);
    assert.deepEqual(await finish(old), ['one', 'one', 'one']);
  });

  it('roll-back without a ramp makes the one before current, and what has no runs is drained', async () => {
    const back = await versions('roll-back');
    assert.equal((back.json as { to: string }).to, 'one', back.stdout + back.stderr);
    assert.deepEqual(await finish(await start()), ['one', 'one', 'one']);
    await until('build two is drained', async () => (await version('two'))?.state === 'drained', 60_000);
    const whats = (await wholeActs(tocsin.log, 'eu')).map(({ what, where }) => `${what} ${where}`);
    assert.deepEqual(whats, [
      'promote version tocsin:one',
      'ramp to 50 % version tocsin:two',
      'roll back version tocsin:two',
      'promote version tocsin:two',
      'roll back version tocsin:two',
    ]);
  });
});

describe('versions of workers whose runs are upgraded', () => {
  withBehaviour('autoUpgrade');
  const RUNS = 12;
  let early: readonly Run[];
  const begin = (count: number): Promise<Run[]> => Promise.all(Array.from({ length: count }, () => start()));
  /** Begun on `build`, and at rest there. */
  const rest = (build: string, count: number): Promise<unknown> =>
    until(`${count} runs wait on ${build}`, async () => (await version(build))?.running === count, 60_000);
  const promote = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await cli(tocsin.env, 'versions', 'promote', ...args);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /takes (all|50 % of) runs, those in progress as well/);
  };

  it('a ramp takes its share of the runs in progress as well, each from its next step on', async () => {
    await startBuild('one');
    await promote('one');
    early = await begin(2 * RUNS);
    await rest('one', 2 * RUNS);
    await startBuild('two');
    await promote('two', '--ramp', '50');
    const ended = await Promise.all(early.slice(0, RUNS).map(finish));
    const [kept, moved] = [
      ['one', 'one', 'one'],
      ['two', 'one', 'two'],
    ].map((way) => ended.filter((each) => isDeepStrictEqual(each, way)).length);
    assert.equal((kept ?? 0) + (moved ?? 0), RUNS, JSON.stringify(ended));
    assert.ok((kept ?? 0) > 0 && (moved ?? 0) > 0, `${kept} kept, ${moved} moved`);
  });

  it('a roll-back of the ramp takes all of them back to the current version', async () => {
    assert.equal((await versions('roll-back', '--why', 'a drill')).code, 0);
    const ended = await Promise.all(early.slice(RUNS, RUNS + 4).map(finish));
    assert.deepEqual(
      ended,
      ended.map(() => ['one', 'one', 'one']),
    );
  });

  it('a run in progress goes on with the code that is promoted, and an old worker may go', async () => {
    await promote('two');
    await roles[0]?.kill();
    const ended = await Promise.all(early.slice(RUNS + 4).map(finish));
    assert.deepEqual(
      ended,
      ended.map(() => ['two', 'one', 'two']),
    );
  });

  it('and with the one before, once that is rolled back to', async () => {
    const run = await start();
    await rest('two', 1);
    await startBuild('one');
    const { code, stdout, stderr } = await versions('roll-back');
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(await finish(run), ['one', 'two', 'one']);
  });
});
