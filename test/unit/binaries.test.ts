import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { provideBinary } from '../../workers/servers/binaries.ts';

describe('provideBinary', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tocsin-binaries-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const fake = async (place: string, version: string): Promise<string> => {
    await mkdir(join(dir, place), { recursive: true });
    const path = join(dir, place, 'nats-server');
    await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
    await chmod(path, 0o755);
    return path;
  };

  it('takes the path of the environment first', async () => {
    const given = await fake('given', '2.15.1');
    const onPath = await fake('bin', '2.15.1');
    assert.equal(
      await provideBinary('nats-server', { env: { TOCSIN_NATS_SERVER: given, PATH: join(onPath, '..') } }),
      given,
    );
  });

  it('passes over another version on PATH and takes the cached one', async () => {
    await fake('bin', '2.9.10');
    const cached = await fake('cache/nats-server-2.15.1', '2.15.1');
    const env = { PATH: join(dir, 'bin') };
    assert.equal(await provideBinary('nats-server', { env, cacheDir: join(dir, 'cache') }), cached);
  });

  it('a path of the environment with another version is an error that says what was found and expected', async () => {
    const given = await fake('given', '2.9.10');
    const provided = provideBinary('nats-server', { env: { TOCSIN_NATS_SERVER: given }, cacheDir: join(dir, 'none') });
    await assert.rejects(provided, /TOCSIN_NATS_SERVER: .* is 2\.9\.10, expected 2\.15\.1/);
  });
});
