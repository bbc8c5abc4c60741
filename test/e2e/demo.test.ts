import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runCommand } from '../../activities/command.ts';
import { readState } from '../../workers/demo/demo-files.ts';
import { type DemoOptions, type DemoService, startDemoService } from '../../workers/demo/supervisor.ts';
import { freePort, listens } from '../../workers/servers/server-process.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMMAND_TIMEOUT_MS = 30_000;

describe('demo service', () => {
  let dir: string;
  let port: number;
  let service: DemoService | undefined;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-demo-'));
    port = await freePort();
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
    rmSync(dir, { recursive: true, force: true });
  });

  const start = async (options: Partial<DemoOptions> = {}): Promise<DemoService> => {
    service = await startDemoService({ name: 'checkout', region: 'eu', dir: join(dir, 'demo'), port, ...options });
    return service;
  };
  const invocation = (): string => readState(join(dir, 'demo'))?.invocation ?? 'none';
  const run = (argv: readonly string[], key = '') =>
    runCommand({ argv, timeoutMs: COMMAND_TIMEOUT_MS, env: { TOCSIN_KEY: key } });
  const restart = ({ target }: DemoService, observed: string, key?: string) =>
    run(
      target.restart.map((arg) => (arg === '{invocation}' ? observed : arg)),
      key,
    );

  it('is well until its pool is exhausted, and well again after a restart', async () => {
    const demo = await start();
    assert.equal(await demo.healthy(), true);
    await demo.exhaust();
    assert.equal(await demo.healthy(), false);
    const sick = invocation();
    assert.equal((await restart(demo, sick, 'key-1')).exitCode, 0);
    assert.equal(await demo.healthy(), true, 'the restart command returns when the new instance is up');
    assert.notEqual(invocation(), sick);
    assert.deepEqual(
      demo.effects().map(({ action, invocation: of, key }) => [action, of, key]),
      [['restart', sick, 'key-1']],
    );
  });

  it('a restart of an instance that is gone does nothing and says 3', async () => {
    const demo = await start();
    const first = invocation();
    assert.equal((await restart(demo, first)).exitCode, 0);
    const second = invocation();
    assert.equal((await restart(demo, first)).exitCode, 3);
    assert.equal((await restart(demo, 'none')).exitCode, 3);
    assert.equal(invocation(), second);
    assert.equal(demo.effects().length, 1);
  });

  it('stubborn: sick after every restart', async () => {
    const demo = await start({ stubborn: true });
    assert.equal(await demo.healthy(), true);
    await demo.exhaust();
    assert.equal((await restart(demo, invocation())).exitCode, 0);
    assert.equal(await demo.healthy(), false);
  });

  it('an instance that dies by itself is started again under another invocation', async () => {
    const demo = await start();
    const { pid, invocation: first } = readState(join(dir, 'demo')) ?? assert.fail('no instance runs');
    process.kill(pid, 'SIGKILL');
    await until('another instance', () => !['none', first].includes(invocation()));
    assert.equal(await demo.healthy(), true);
    assert.deepEqual(demo.effects(), [], 'nobody did anything to it');
  });

  it('status tells the invocation; another action is refused with the ones there are', async () => {
    const { target } = await start();
    assert.deepEqual(JSON.parse((await run(target.status)).stdout), { invocation: invocation() });
    const unknown = await run([...target.status.slice(0, -1), 'reload']);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /"reload", expected status, restart, take-out or put-back/);
  });

  it('closing it while the next instance is due starts none', async () => {
    const demo = await start();
    const { pid } = readState(join(dir, 'demo')) ?? assert.fail('no instance runs');
    process.kill(pid, 'SIGKILL');
    await until('the end of the instance', () => readState(join(dir, 'demo')) === null);
    await demo.close();
    // Twice the pause before a restart: the bound within which an instance would have been started.
    await assert.rejects(
      until('another instance', () => listens(port), 500),
      /another instance: not within/,
    );
  });

  it('a port that is taken is named', async () => {
    const other = await start();
    const second = startDemoService({ name: 'other', region: 'eu', dir: join(dir, 'second'), port });
    await assert.rejects(second, new RegExp(`port ${port}.*TOCSIN_DEMO_PORT`));
    assert.equal(await other.healthy(), true);
  });

  it('ends with the process that started it, even when that one is killed', async () => {
    const script = `
      import { startDemoService } from ${JSON.stringify(join(ROOT, 'workers/demo/supervisor.ts'))};
      await startDemoService({ name: 'checkout', region: 'eu', dir: ${JSON.stringify(join(dir, 'demo'))}, port: ${port} });
      console.log('up');
      setInterval(() => {}, 60_000);`;
    const file = join(dir, 'parent.mts');
    writeFileSync(file, script);
    const parent: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(parent.stdout ?? assert.fail('no output'), 'data');
      assert.equal(await listens(port), true);
    } finally {
      parent.kill('SIGKILL');
    }
    await until('the end of the service', async () => !(await listens(port)));
  });
});
