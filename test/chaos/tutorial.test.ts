/** The tutorial as a new user follows it: each block, in order, in an empty folder, with the package as it would be published. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Block, blocksOf } from '../support/tutorial.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'tocsin-tutorial-'));
const project = join(dir, 'runbooks');
let env: NodeJS.ProcessEnv;
let background: ChildProcess | null = null;

/** Rejects with the output when it fails. */
function sh(command: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-euc', command], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, `${command}\n${stdout}\n${stderr}`);
  return stdout;
}

const whereNow = (): string => (existsSync(project) ? project : dir);

describe('the tutorial', () => {
  before(async () => {
    const [nats, temporal, ui, intake, health] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
    env = {
      ...process.env,
      TOCSIN_NATS_PORT: String(nats),
      TOCSIN_TEMPORAL_PORT: String(temporal),
      TOCSIN_UI_PORT: String(ui),
      TOCSIN_INTAKE_PORT: String(intake),
      TOCSIN_HEALTH_PORT: String(health),
    };
    const [packed] = JSON.parse(sh(`npm pack --json --pack-destination ${dir}`, ROOT)) as { filename: string }[];
    assert.ok(packed);
    env['TOCSIN_PACKAGE'] = `file:${join(dir, packed.filename)}`;
    writeFileSync(join(dir, 'package.json'), '{ "private": true }');
    sh(`npm install --no-audit --no-fund --prefer-offline ${join(dir, packed.filename)}`, dir);
  });
  after(async () => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const localised = (text: string): string =>
    text.replaceAll('127.0.0.1:8484', `127.0.0.1:${env['TOCSIN_INTAKE_PORT']}`);

  for (const [index, block] of blocksOf(readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8')).entries())
    it(`block ${index + 1}: ${block.file ?? block.text.split('\n')[0]}`, () =>
      follow({ ...block, text: localised(block.text) }));

  it('the alert has emptied the folder', () => {
    assert.deepEqual(readdirSync(join(project, 'cache/demo')), []);
  });
});

async function follow({ kind, text, file, eventually }: Block): Promise<void> {
  if (kind === 'file') writeFileSync(join(project, file ?? ''), text);
  else if (kind === 'background') await start(text);
  else if (eventually === undefined) sh(text, whereNow());
  else await until(`${text.trim()} says ${eventually}`, () => sh(text, whereNow()).includes(eventually));
}

async function start(command: string): Promise<void> {
  background = spawn('bash', ['-euc', `exec ${command}`], { cwd: project, env, detached: true, stdio: 'ignore' });
  await until('it is ready', async () => {
    const response = await fetch(`http://127.0.0.1:${env['TOCSIN_HEALTH_PORT']}/readyz`).catch(() => null);
    return response?.ok === true;
  });
}

/** As Ctrl-C does: the whole group. */
async function stop(): Promise<void> {
  if (background?.pid === undefined || background.exitCode !== null) return;
  const ended = new Promise((resolve) => background?.once('close', resolve));
  process.kill(-background.pid, 'SIGINT');
  await ended;
}
