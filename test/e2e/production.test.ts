import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { type Config, loadConfig } from '../../workers/config.ts';
import { refuseDevServer, refuseUnsafe } from '../../workers/production.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { cli } from '../support/cli.ts';
import { type SecuredNats, startSecuredNats } from '../support/secured-nats.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-production-'));
const file = join(dir, 'tocsin.yaml');
const configured = (settings: object = {}): Config => {
  writeFileSync(file, stringify({ profile: 'production', ...settings }));
  return loadConfig({ file, env: {} });
};
const findings = async (config: Config, env: NodeJS.ProcessEnv = {}): Promise<string[]> => {
  try {
    await refuseUnsafe(config, env);
    return [];
  } catch (error) {
    const lines = (error as Error).message.split('\n').slice(1);
    return [...new Set(lines.map((line) => line.trim().split(':')[0] ?? ''))].toSorted();
  }
};

describe('profile production', () => {
  let synced: SecuredNats;
  let temporal: TestServers;
  let monitor: string;
  before(async () => {
    const port = await freePort();
    monitor = `http://127.0.0.1:${port}`;
    synced = await startSecuredNats(() => `http: "127.0.0.1:${port}"\n`);
    temporal = await startTestServers({ temporal: true });
  });
  after(async () => {
    await synced.stop();
    await temporal.stopAll();
    rmSync(dir, { recursive: true, force: true });
  });

  it('does not start as it comes, and names everything that is unsafe', async () => {
    assert.deepEqual(await findings(configured()), [
      'clear-text',
      'default-sync',
      'dev-server',
      'no-auth',
      'open-intake',
    ]);
    const { code, stderr } = await cli({ ...process.env, TOCSIN_CONFIG: file }, 'intake');
    assert.equal(code, 2);
    assert.match(stderr, /allow: \[dev-server, /);
  });

  it('starts when each of them is allowed by name, and a new one is still refused', async () => {
    const allow = ['clear-text', 'default-sync', 'dev-server', 'no-auth', 'open-intake'];
    assert.deepEqual(await findings(configured({ allow })), []);
    assert.deepEqual(await findings(configured({ allow: allow.slice(1) })), ['clear-text']);
  });

  it('asks the server whether it syncs before it acknowledges', async () => {
    assert.ok(!(await findings(configured({ nats: { monitorUrl: monitor } }))).includes('default-sync'));
    const lazyPort = await freePort();
    const lazy = await startSecuredNats(() => `http: "127.0.0.1:${lazyPort}"\n`, '"2m"');
    assert.ok(
      (await findings(configured({ nats: { monitorUrl: `http://127.0.0.1:${lazyPort}` } }))).includes('default-sync'),
    );
    await lazy.stop();
    const gone = `http://127.0.0.1:${await freePort()}`;
    assert.ok((await findings(configured({ nats: { monitorUrl: gone } }))).includes('default-sync'));
  });

  it('finds the development server of Temporal behind any address', async () => {
    const connection = await Connection.connect({ address: temporal.temporalAddress });
    const client = new Client({ connection });
    await assert.rejects(refuseDevServer(configured(), { client }), /dev-server: Temporal stores in SQLite/);
    await refuseDevServer(configured({ allow: ['dev-server'] }), { client });
    await connection.close();
  });

  it('finds secrets that everybody on the machine may read, in the file and in the environment', async () => {
    const [key, creds] = [join(dir, 'key'), join(dir, 'user.creds')];
    for (const path of [key, creds]) writeFileSync(path, Buffer.alloc(32, 7).toString('base64'), { mode: 0o644 });
    const config = configured({ encryption: { keys: [{ id: 'a', key: `file:${key}` }] } });
    const problem = async (): Promise<string> => refuseUnsafe(config, { NATS_CREDS: creds }).then(() => '', String);
    assert.match(await problem(), new RegExp(`may read ${key}, expected mode 0600`));
    assert.match(await problem(), new RegExp(`may read ${creds}, expected mode 0600`));
    for (const path of [key, creds]) chmodSync(path, 0o600);
    assert.doesNotMatch(await problem(), /readable-secrets/);
  });

  it('is asked for: the profile of development starts on anything', async () => {
    assert.deepEqual(await findings(configured({ profile: 'development' })), []);
  });
});
