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
const background: ChildProcess[] = [];
/** Addresses of the page, and those of this test instead. */
const places = new Map<string, string>();

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
    const [nats, temporal, ui, intake, health, ...others] = await Promise.all(
      Array.from({ length: 8 }, () => freePort()),
    );
    for (const [index, port] of ['8484', '9187', '9093', '9090'].entries())
      places.set(port, String([intake, ...others][index]));
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
    text.replaceAll(/(?<=127\.0\.0\.1:|listen\()\d+/g, (port) => places.get(port) ?? assert.fail(port));

  for (const [index, block] of blocksOf(readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8')).entries())
    it(`block ${index + 1}: ${block.file ?? block.text.split('\n')[0]}`, { skip: lacks(block.needs) }, () =>
      follow({ ...block, text: localised(block.text) }),
    );

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

function lacks(command: string | undefined): string | false {
  if (command === undefined || spawnSync(command, ['--version']).status === 0) return false;
  return `${command} is not installed`;
}

async function start(command: string): Promise<void> {
  const started = spawn('bash', ['-euc', `exec ${command}`], { cwd: project, env, detached: true, stdio: 'ignore' });
  background.push(started);
  // Of the others the next block tells whether they work.
  if (!command.startsWith('npm')) return;
  await until('it is ready', async () => {
    const response = await fetch(`http://127.0.0.1:${env['TOCSIN_HEALTH_PORT']}/readyz`).catch(() => null);
    return response?.ok === true;
  });
}

/** As Ctrl-C does: the whole group, of which nothing is left. */
async function stop(): Promise<void> {
  for (const { pid } of background.toReversed()) {
    if (pid === undefined) continue;
    const signal = (name: NodeJS.Signals | 0): boolean => {
      try {
        return process.kill(-pid, name);
      } catch {
        return false;
      }
    };
    if (signal('SIGINT')) await until('all of it has ended', () => !signal(0));
  }
}
