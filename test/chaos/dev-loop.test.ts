import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { ACTIVITY_TASKS, RUNBOOK_TASKS, pollersOf } from '../../workers/pollers.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { describedIdentity } from '../../workers/worker-identity.ts';
import { RUNBOOK_QUEUE, activityQueue } from '../../workflows/kit/run-context.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const PORTS = ['NATS', 'TEMPORAL', 'UI', 'INTAKE', 'HEALTH'];
/** A machine may be busy: of a reload, and of the start with servers. */
const PATIENCE_MS = 120_000;

const dir = mkdtempSync(join(tmpdir(), 'tocsin-dev-'));
const env: NodeJS.ProcessEnv = { ...process.env };
const NO_TRIGGERS = 'export const triggers: readonly never[] = [];';
let dev: ChildProcess;
let connection: Connection;
let said = '';
let runs = 0;

const write = (file: string, text: string): void => writeFileSync(join(dir, file), text);
const says = (answer: string): string => `export async function say(): Promise<string> {\n  return ${answer};\n}\n`;

const labels = (label: string): string =>
  `export const createActivities = () => ({ label: async () => '${label}' });\n`;
/** Calls an activity, waits to be told, and calls it again. */
const HOLD = (
  label: string,
): string => `import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
const { label } = proxyActivities<{ label(): Promise<string> }>({ taskQueue: 'activities-eu', startToCloseTimeout: '10 s' });
export async function hold(): Promise<readonly string[]> {
  let goesOn = false;
  setHandler(defineSignal('go'), () => void (goesOn = true));
  const before = await label();
  await condition(() => goesOn);
  return ['${label}', before, await label()];
}
`;

/** Waits for what is said after `from`. */
const untilSaid = (pattern: RegExp, from: number): Promise<unknown> =>
  until(`it says ${pattern} (it said: ${said})`, () => Promise.resolve(pattern.test(said.slice(from))), PATIENCE_MS);

/** Saves a file; resolves when what it holds runs. */
async function save(file: string, text: string): Promise<void> {
  const from = said.length;
  write(file, text);
  await untilSaid(new RegExp(`dev: the new code runs, [\\d.]+ s after the change of .*${file}`), from);
}

const childrenOf = (pid: number | undefined): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

/** NATS and Temporal, as the operating system knows them. */
const serversOf = (pid: number | undefined): Readonly<Record<string, number>> =>
  Object.fromEntries(
    childrenOf(pid)
      .map((child) => [readFileSync(`/proc/${child}/comm`, 'utf8').trim(), child] as const)
      .filter(([name]) => name !== 'node'),
  );

/** Processes, still there, that take tasks of runs or of the region's steps. */
async function alivePollers(client: Client): Promise<readonly number[]> {
  const temporal = { client, namespace: 'default' };
  const pollers = await Promise.all([
    pollersOf(temporal, RUNBOOK_QUEUE, RUNBOOK_TASKS),
    pollersOf(temporal, activityQueue('eu'), ACTIVITY_TASKS),
  ]);
  const pids = pollers.flat().map(({ identity }) => describedIdentity(identity).pid ?? 0);
  return [...new Set(pids)].filter((pid) => existsSync(`/proc/${pid}`));
}

async function run(): Promise<unknown> {
  const workflowId = `say/${(runs += 1)}`;
  return new Client({ connection }).workflow.execute('say', { taskQueue: RUNBOOK_QUEUE, workflowId });
}

describe('tocsin dev', () => {
  before(async () => {
    for (const name of PORTS) env[`TOCSIN_${name}_PORT`] = String(await freePort());
    for (const folder of ['workflows', 'triggers', 'activities']) mkdirSync(join(dir, folder));
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    write('package.json', '{ "name": "own", "type": "module" }');
    write('tsconfig.json', JSON.stringify({ compilerOptions: { strict: true, types: [] }, include: ['workflows'] }));
    write('activities/index.ts', labels('a0'));
    write('triggers/index.ts', NO_TRIGGERS);
    write('workflows/index.ts', `export { say } from './say.ts';\nexport { hold } from './hold.ts';\n`);
    write('workflows/hold.ts', HOLD('w0'));
    write('workflows/say.ts', says(`'first'`));
    const tsx = join(ROOT, 'node_modules/tsx/dist/esm/index.mjs');
    dev = spawn(process.execPath, ['--import', tsx, join(ROOT, 'workers/cli.ts'), 'dev'], { cwd: dir, env });
    for (const stream of [dev.stdout, dev.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await untilSaid(/dev: ready for alerts/, 0);
    connection = await Connection.connect({ address: `127.0.0.1:${env['TOCSIN_TEMPORAL_PORT']}` });
  });
  after(async () => {
    await connection?.close();
    dev.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('the next run has the code that was saved', async () => {
    assert.equal(await run(), 'first');
    const from = said.length;
    write('workflows/say.ts', says(`'second'`));
    await untilSaid(/dev: the new code runs, [\d.]+ s after the change of .*say\.ts/, from);
    assert.equal(await run(), 'second');
  });

  it('six saves leave the servers as they are, one worker at a time, and runs in progress to go on', async () => {
    const client = new Client({ connection });
    const servers = serversOf(dev.pid);
    assert.deepEqual(Object.keys(servers).toSorted(), ['nats-server', 'temporal']);
    const held = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        client.workflow.start('hold', { taskQueue: RUNBOOK_QUEUE, workflowId: `hold/${index}` }),
      ),
    );
    const steps = async (handle: (typeof held)[number]) =>
      ((await handle.fetchHistory()).events ?? []).flatMap(({ activityTaskCompletedEventAttributes: done }) =>
        done ? [describedIdentity(done.identity ?? '').pid] : [],
      );
    for (const handle of held)
      await until(`${handle.workflowId} waits`, async () => (await steps(handle)).length === 1);
    const generations: number[] = [];
    for (const round of [1, 2, 3]) {
      for (const [file, text] of [
        ['activities/index.ts', labels(`a${round}`)],
        ['workflows/hold.ts', HOLD(`w${round}`)],
      ] as const) {
        await save(file, text);
        assert.deepEqual(serversOf(dev.pid), servers);
        const [generation, ...more] = await until('the new worker asks for tasks', async () => {
          const alive = await alivePollers(client);
          return alive.some((pid) => !generations.includes(pid)) ? alive : null;
        });
        assert.deepEqual(more, [], 'of the generations before, none is left');
        generations.push(generation ?? 0);
      }
    }
    for (const handle of held) await handle.signal('go');
    for (const handle of held) {
      assert.deepEqual(await handle.result(), ['w3', 'a0', 'a3']);
      assert.equal((await steps(handle)).at(-1), generations.at(-1), 'it is the last generation that acted');
    }
  });

  it('code that cannot be built leaves the old in place and is named with file and line', async () => {
    const from = said.length;
    write('workflows/say.ts', says(''.padEnd(3, ')')));
    await untilSaid(/dev: the old code stays: .*say\.ts:2/, from);
    assert.equal(await run(), 'second');
  });

  it('an error of types is shown, and does not stand in the way', async () => {
    const from = said.length;
    write('workflows/say.ts', says('3'));
    await untilSaid(/dev: the new code runs/, from);
    await untilSaid(/types: workflows\/say\.ts\(2,3\): error TS2322/, from);
    assert.equal(await run(), 3);
  });

  it('a trigger that cannot be loaded leaves the old code in place', async () => {
    const from = said.length;
    write('triggers/index.ts', 'export const triggers = 3;');
    await untilSaid(/dev: the old code stays: .*triggers\/index\.ts exports no triggers/, from);
    assert.equal(await run(), 3);
  });

  it('a mistake in the configuration leaves what ran in place', async () => {
    const repaired = said.length;
    write('triggers/index.ts', NO_TRIGGERS);
    await untilSaid(/dev: the new code runs/, repaired);
    const from = said.length;
    write('tocsin.yaml', 'regions: [EU]\n');
    await untilSaid(
      /dev: tocsin\.yaml changed \.\.\.[^]*dev: the old code stays: .*tocsin\.yaml:\n\s+1:11 \/regions\/0/,
      from,
    );
    assert.equal(await run(), 3);
  });

  it('Ctrl-C leaves nothing behind', async () => {
    const children = childrenOf(dev.pid);
    assert.ok(children.length >= 3, `roles and two servers, found ${children.join()}`);
    const gone = once(dev, 'exit');
    dev.kill('SIGINT');
    assert.deepEqual(await gone, [0, null]);
    for (const pid of children) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});
