import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-setup-'));
const told = join(dir, 'told');
const lock = join(dir, '.tocsin', 'setup.lock');
const text = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const env = { ...process.env, PATH: `${dir}${delimiter}${process.env['PATH'] ?? ''}` };
const setup = [join(dir, 'workers/setup.mjs')];

describe('set-up of a clone', () => {
  beforeEach(() => {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(join(dir, 'workers'), { recursive: true });
    copyFileSync(join(import.meta.dirname, '../../workers/setup.mjs'), setup[0] ?? '');
    writeFileSync(join(dir, 'package-lock.json'), '{}');
    npmThat(`mkdir -p "${join(dir, 'node_modules')}"`);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const npmThat = (does: string): void => {
    writeFileSync(join(dir, 'npm'), `#!/bin/sh\necho begin >> "${told}"\n${does}\n`);
    chmodSync(join(dir, 'npm'), 0o755);
  };
  const run = () => spawnSync(process.execPath, setup, { env, encoding: 'utf8' });

  it('installs once, and again when the lockfile has changed', () => {
    assert.deepEqual([run().status, run().status], [0, 0]);
    assert.equal(text(told), 'begin\n');
    writeFileSync(join(dir, 'package-lock.json'), '{ }');
    assert.equal(run().status, 0);
    assert.equal(text(told), 'begin\nbegin\n');
    assert.equal(existsSync(lock), false);
  });

  it('begun twice at once it installs once, and both wait for it', async () => {
    const both = [0, 1].map(() => spawn(process.execPath, setup, { env, stdio: 'ignore' }));
    assert.deepEqual(await Promise.all(both.map(async (each) => (await once(each, 'exit'))[0] as number)), [0, 0]);
    assert.equal(text(told), 'begin\n');
  });

  it('takes over from one that was killed, and tells what failed', () => {
    const { pid } = spawnSync('true');
    mkdirSync(join(dir, '.tocsin'));
    writeFileSync(lock, String(pid));
    npmThat('exit 1');
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.match(stderr, /npm ci failed \(see above\)\. Check the network/);
    assert.equal(existsSync(lock), false);
    npmThat(`mkdir -p "${join(dir, 'node_modules')}"`);
    assert.equal(run().status, 0);
  });
});
