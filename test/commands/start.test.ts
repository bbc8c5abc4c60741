import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readEffects } from '../../workers/demo/demo-files.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { connectClient } from '../../workers/temporal-connection.ts';
import { cli } from '../support/cli.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
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
    for (const pid of ourProcesses()) process.kill(pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('up --once heals the service, links to the run, exits 0 and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await cli(env, 'up', '--once');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /restart-service started/);
    assert.match(stdout, /✔ restart checkout/);
    assert.match(stdout, new RegExp(`http://127.0.0.1:${env['TOCSIN_UI_PORT']}/namespaces/default/workflows/`));
    assert.match(stdout, /the service is healthy again/);
    assert.deepEqual(leftBehind(), []);
  });

  it('up --once of a service that stays sick undoes, escalates, says why, exits 1 and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await cli({ ...env, TOCSIN_DEMO_STUBBORN: '1' }, 'up', '--once');
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /✔ undo: take checkout out of rotation/);
    assert.match(stdout, /demo +failed: the run failed: checkout was restarted and is still sick: .* answered 503/);
    assert.doesNotMatch(stdout, /healthy again/);
    const done = readEffects(join(dir, 'data/demo')).map(({ action }) => action);
    assert.deepEqual(done, ['take-out', 'restart', 'put-back']);
    assert.deepEqual(leftBehind(), []);
  });

  describe('with servers of the operator', () => {
    let servers: TestServers;
    before(async () => (servers = await startTestServers({ nats: true, temporal: true })));
    after(() => servers.stopAll());

    it('the same command starts none; --json tells it in documents', async () => {
      const own = { NATS_URL: servers.natsUrl, TEMPORAL_ADDRESS: servers.temporalAddress };
      const stdout = await startsNone({ ...own, TOCSIN_DATA_DIR: join(dir, 'external') });
      assert.match(stdout, /created \d+ streams and consumers/);
      assert.equal(await firstTaskCameWithTheStart(servers.temporalAddress), true);
    });

    it('a profile of Temporal leads there as well', async () => {
      const file = join(dir, 'temporal.toml');
      const nobody = `[profile.default]\naddress = "127.0.0.1:${env['TOCSIN_TEMPORAL_PORT']}"\n`;
      writeFileSync(file, `${nobody}[profile.lab]\naddress = "${servers.temporalAddress}"\n`);
      const profile = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'lab', NATS_URL: servers.natsUrl };
      const stdout = await startsNone({ ...profile, TOCSIN_DATA_DIR: join(dir, 'profile') });
      const [run = assert.fail(stdout)] = /restart-service\/[^"\s]+/.exec(stdout) ?? [];
      const listed = await cli({ ...env, ...profile }, 'runs', 'list');
      assert.ok(listed.stdout.includes(run), listed.stdout + listed.stderr);
    });
  });

  for (const [name, told, setting] of [
    ['NATS', 'port PORT for nats-server is taken', 'nats.port or TOCSIN_NATS_PORT'],
    ['TEMPORAL', 'port PORT for temporal is taken', 'temporal.port or TOCSIN_TEMPORAL_PORT'],
    ['UI', 'port PORT for temporal is taken', 'temporal.uiPort or TOCSIN_UI_PORT'],
    ['INTAKE', 'the intake cannot listen on 127.0.0.1:PORT', 'intake.port or TOCSIN_INTAKE_PORT'],
    ['HEALTH', 'health cannot listen on 127.0.0.1:PORT', 'health.port or TOCSIN_HEALTH_PORT'],
    ['DEMO', 'the demo service cannot listen on port PORT', 'TOCSIN_DEMO_PORT'],
  ] as const)
    it(`${name}: a port that is taken is named, with the setting that changes it, and nothing stays`, async () => {
      const port = Number(env[`TOCSIN_${name}_PORT`]);
      const { code, stderr } = await whileTaken(port, () => cli(env, 'up', '--once'));
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        new RegExp(`${told.replace('PORT', String(port))}.*top what listens there, or .*${setting}`),
      );
      assert.deepEqual(leftBehind(), []);
    });

  it('every single role says the same of the port on which it answers', async () => {
    const key = Buffer.alloc(32).toString('base64');
    const port = Number(env['TOCSIN_HEALTH_PORT']);
    writeFileSync(
      join(dir, 'encrypted.yaml'),
      `encryption: { keys: [{ id: a, key: env:TOCSIN_KEY }], server: { port: ${port} } }`,
    );
    const roles = [['worker'], ['trigger'], ['intake'], ['codec-server', '--config', join(dir, 'encrypted.yaml')]];
    const ends = await whileTaken(port, () =>
      Promise.all(roles.map((role) => cli({ ...env, TOCSIN_KEY: key }, ...role))),
    );
    const setting = (index: number) => (index < 3 ? 'health.port or TOCSIN_HEALTH_PORT' : 'encryption.server.port');
    for (const [index, { code, stderr }] of ends.entries()) {
      assert.equal(code, 2, stderr);
      const told = `cannot listen on 127.0.0.1:${port}: .*Stop what listens there, or choose another port with ${setting(index)}`;
      assert.match(stderr, new RegExp(told));
    }
    assert.deepEqual(leftBehind(), []);
  });

  it('a server binary that is not there is named, with the setting that names another', async () => {
    const { code, stderr } = await cli({ ...env, TOCSIN_NATS_SERVER: join(dir, 'none') }, 'up', '--once');
    assert.equal(code, 2, stderr);
    assert.match(stderr, /environment TOCSIN_NATS_SERVER: not there\n.*set TOCSIN_NATS_SERVER=/);
    assert.deepEqual(leftBehind(), []);
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

/** Resolves to what was told. */
async function startsNone(settings: Readonly<Record<string, string>> & { readonly TOCSIN_DATA_DIR: string }) {
  const { code, stdout, stderr } = await cli({ ...env, ...settings }, '--json', 'up', '--once');
  assert.equal(code, 0, stdout + stderr);
  for (const line of stdout.trim().split('\n'))
    assert.deepEqual(Object.keys(JSON.parse(line) as object), ['at', 'part', 'text']);
  assert.match(stdout, /the service is healthy again/);
  assert.doesNotMatch(stdout, /starting servers/);
  const of = (name: string): boolean => existsSync(join(settings.TOCSIN_DATA_DIR, name));
  assert.deepEqual([of('nats'), of('temporal')], [false, false]);
  return stdout;
}

async function whileTaken<T>(port: number, work: () => Promise<T>): Promise<T> {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    return await work();
  } finally {
    other.close();
  }
}

function leftBehind(): string[] {
  const lock = existsSync(join(dir, 'data/lock.json')) ? ['lock.json'] : [];
  return [...lock, ...ourProcesses().map((pid) => `process ${pid}`)];
}

/** Whatever was given the data directory of these tests, and what that has started. */
const ourProcesses = (): number[] => readdirSync('/proc').map(Number).filter(isOurs);

function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TOCSIN_DATA_DIR=${dir}`);
  } catch {
    return false;
  }
}

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
