import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../workers/servers/server-process.ts';
import { connectClient } from '../../workers/temporal-connection.ts';
import { cli } from '../support/cli.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const PORTS = ['NATS', 'TEMPORAL', 'UI', 'INTAKE', 'HEALTH', 'DEMO'];

const dir = mkdtempSync(join(tmpdir(), 'tocsin-start-'));
const env: NodeJS.ProcessEnv = {
  ...process.env,
  TOCSIN_DATA_DIR: join(dir, 'data'),
  TOCSIN_CONFIG: join(dir, 'tocsin.yaml'),
};
const started = new Set<ChildProcess>();

describe('start', () => {
  before(async () => {
    writeFileSync(join(dir, 'tocsin.yaml'), '{}');
    for (const name of PORTS) env[`TOCSIN_${name}_PORT`] = String(await freePort());
  });
  after(() => {
    for (const child of started) child.kill('SIGKILL');
    for (const pid of serverPids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('up --once heals the service, links to the run, exits 0 and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await cli(env, 'up', '--once');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /restart-service started/);
    assert.match(stdout, /✔ restart checkout/);
    assert.match(stdout, new RegExp(`http://127.0.0.1:${env['TOCSIN_UI_PORT']}/namespaces/default/workflows/`));
    assert.match(stdout, /the service is healthy again/);
    assert.equal(existsSync(join(dir, 'data/lock.json')), false);
  });

  it('with servers of the operator the same command starts none; --json tells it in documents', async () => {
    const servers = await startTestServers({ nats: true, temporal: true });
    try {
      const data = join(dir, 'external');
      const external = { NATS_URL: servers.natsUrl, TEMPORAL_ADDRESS: servers.temporalAddress, TOCSIN_DATA_DIR: data };
      const { code, stdout, stderr } = await cli({ ...env, ...external }, '--json', 'up', '--once');
      assert.equal(code, 0, stdout + stderr);
      for (const line of stdout.trim().split('\n'))
        assert.deepEqual(Object.keys(JSON.parse(line) as object), ['at', 'part', 'text']);
      assert.match(stdout, /created \d+ streams and consumers/);
      assert.match(stdout, /the service is healthy again/);
      assert.equal(await firstTaskCameWithTheStart(servers.temporalAddress), true);
      assert.doesNotMatch(stdout, /starting servers/);
      assert.deepEqual([existsSync(join(data, 'nats')), existsSync(join(data, 'temporal'))], [false, false]);
    } finally {
      await servers.stopAll();
    }
  });

  it('a port that is taken is named, with the setting that changes it', async () => {
    const { code, stderr } = await cli({ ...env, TOCSIN_NATS_PORT: env['TOCSIN_HEALTH_PORT'] }, 'up', '--once');
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`port ${env['TOCSIN_HEALTH_PORT']} for nats-server is taken.*TOCSIN_NATS_PORT`));
  });

  it('data of another layout is refused, and stays', async () => {
    const layout = join(dir, 'data/layout');
    const own = readFileSync(layout, 'utf8');
    writeFileSync(layout, 'something older');
    const { code, stderr } = await cli(env, 'up', '--once');
    writeFileSync(layout, own);
    assert.equal(code, 2);
    assert.match(stderr, /was written by "something older".*Move the directory away/);
  });

  it('a second instance is told who is in the way; Ctrl-C ends everything in order', async () => {
    const first = await up();
    const { code, stderr } = await cli(env, 'up', '--once');
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`another tocsin \\(process ${first.pid}\\)`));
    const servers = serverPids();
    assert.equal(servers.length, 2);
    const gone = once(first, 'exit');
    first.kill('SIGINT');
    assert.equal((await gone)[0], 0);
    assert.deepEqual(servers.filter(isAlive), []);
    assert.equal(existsSync(join(dir, 'data/lock.json')), false);
  });

  it('what a killed instance left behind is ended by the next start, and nothing is lost', async () => {
    const first = await up();
    const gone = once(first, 'exit');
    const left = serverPids();
    first.kill('SIGKILL');
    await gone;
    const second = await up();
    assert.deepEqual(left.filter(isAlive), []);
    const ended = once(second, 'exit');
    second.kill('SIGTERM');
    await ended;
  });
});

/** From the sources, as `npm start` does; ready for alerts. */
async function up(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'workers/cli.ts'), 'up'], {
    cwd: ROOT,
    env,
    stdio: 'ignore',
  });
  started.add(child);
  await until('up is ready', async () => {
    const response = await fetch(`http://127.0.0.1:${env['TOCSIN_HEALTH_PORT']}/readyz`, {
      signal: AbortSignal.timeout(3_000),
    });
    await response.arrayBuffer();
    return response.ok;
  });
  return child;
}

function serverPids(): number[] {
  const file = join(dir, 'data/lock.json');
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as { servers: { pid: number }[] }).servers.map(({ pid }) => pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and was not waited for is none.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Of the one run there is, as its history tells. */
async function firstTaskCameWithTheStart(address: string): Promise<boolean> {
  const { client, close } = await connectClient({ connection: { address }, namespace: 'default', external: true });
  try {
    const id = await until('the run is listed', async () => {
      for await (const { workflowId } of client.workflow.list({ query: "WorkflowType = 'restartService'" }))
        return workflowId;
      return null;
    });
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    return events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted === true;
  } finally {
    await close();
  }
}
