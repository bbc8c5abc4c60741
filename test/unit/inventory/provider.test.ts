import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createHttp } from '../../../activities/http.ts';
import { keepFresh } from '../../../activities/inventory/keep-fresh.ts';
import { type ProviderOptions, type ProviderStatus, createProvider } from '../../../activities/inventory/provider.ts';
import {
  type InventorySource,
  MAX_ANSWER_BYTES,
  MAX_YAML_BYTES,
  commandSource,
  fileSource,
  httpSource,
} from '../../../activities/inventory/source.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NEVER = new AbortController().signal;
const node = (script: string): string[] => [process.execPath, '-e', script];
const answerOf = (...ids: string[]): string => JSON.stringify({ targets: ids.map((id) => ({ id, region: 'eu' })) });

describe('a provider of targets', () => {
  let dir: string;
  let receiver: Receiver;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-inventory-'));
    receiver = await startReceiver();
  });
  after(async () => {
    await receiver.close();
    rmSync(dir, { recursive: true, force: true });
  });

  let file: string;
  let clock: ReturnType<typeof manualClock>;
  let count = 0;
  beforeEach(() => {
    count += 1;
    file = join(dir, String(count), 'kept.json');
    clock = manualClock();
  });

  /** A source that answers what the test says. */
  const scripted = (): InventorySource & { next: string | Error } => ({
    kind: 'http',
    format: 'json',
    place: 'https://cmdb.example.com',
    next: answerOf('a'),
    read(): Promise<string> {
      return this.next instanceof Error ? Promise.reject(this.next) : Promise.resolve(this.next);
    },
  });
  const providerOf = (source: InventorySource, options: Partial<ProviderOptions> = {}) =>
    createProvider({
      name: 'cmdb',
      source,
      regions: ['eu'],
      maxTargets: 1_000,
      refreshMs: MINUTE,
      maxAgeMs: HOUR,
      file,
      now: clock.now,
      ...options,
    });
  const ids = (provider: ReturnType<typeof providerOf>): string[] => provider.targets().map(({ id }) => id);
  const says = ({ state, ageMs, why }: ProviderStatus) => ({ state, ageMs, why });

  it('is unusable until it has been read, and fresh then', async () => {
    const provider = providerOf(scripted());
    assert.deepEqual(says(provider.status()), { state: 'unusable', ageMs: null, why: 'it has not been read yet' });
    assert.deepEqual(ids(provider), []);
    await provider.refresh(NEVER);
    assert.deepEqual(says(provider.status()), { state: 'fresh', ageMs: 0, why: null });
    assert.deepEqual(ids(provider), ['a']);
  });

  it('keeps the last answer while readings fail, and only as long as it may be old', async () => {
    const source = scripted();
    const provider = providerOf(source);
    await provider.refresh(NEVER);
    source.next = new Error('answered 502, expected 200');
    await clock.advance(HOUR);
    await provider.refresh(NEVER);
    assert.deepEqual(says(provider.status()), { state: 'kept', ageMs: HOUR, why: 'answered 502, expected 200' });
    assert.deepEqual(ids(provider), ['a']);
    await clock.advance(1);
    assert.equal(provider.status().state, 'unusable');
    assert.deepEqual(ids(provider), [], 'too old to act upon');
    source.next = answerOf('b');
    await provider.refresh(NEVER);
    assert.deepEqual(ids(provider), ['b'], 'back by itself');
  });

  it('an answer that is refused as a whole leaves the last good one', async () => {
    const source = scripted();
    const provider = providerOf(source);
    await provider.refresh(NEVER);
    source.next = answerOf('b', 'b');
    await provider.refresh(NEVER);
    assert.equal(provider.status().state, 'kept');
    assert.match(provider.status().why ?? '', /"b" in region "eu" twice/);
    assert.deepEqual(ids(provider), ['a']);
  });

  it('an empty answer empties it', async () => {
    const source = scripted();
    const provider = providerOf(source);
    await provider.refresh(NEVER);
    source.next = answerOf();
    await provider.refresh(NEVER);
    assert.deepEqual([provider.status().state, ids(provider)], ['fresh', []]);
  });

  it('the same answer again is only younger', async () => {
    const provider = providerOf(scripted());
    await provider.refresh(NEVER);
    const before = provider.targets();
    await clock.advance(MINUTE);
    assert.equal(provider.status().ageMs, MINUTE);
    await provider.refresh(NEVER);
    assert.equal(provider.status().ageMs, 0);
    assert.equal(provider.targets(), before);
  });

  it('a restart while the source is away finds the last good answer with its true age', async () => {
    await providerOf(scripted()).refresh(NEVER);
    await clock.advance(30 * MINUTE);
    const source = scripted();
    source.next = new Error('connect ECONNREFUSED');
    const restarted = providerOf(source);
    await restarted.refresh(NEVER);
    assert.deepEqual(says(restarted.status()), { state: 'kept', ageMs: 30 * MINUTE, why: 'connect ECONNREFUSED' });
    assert.deepEqual(ids(restarted), ['a']);
    await clock.advance(31 * MINUTE);
    assert.equal(restarted.status().state, 'unusable');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('what is on disk is never much older than what is in memory, nor written each time', async () => {
    const provider = providerOf(scripted());
    const readAt = () => (JSON.parse(readFileSync(file, 'utf8')) as { readAt: number }).readAt;
    await provider.refresh(NEVER);
    const first = readAt();
    await clock.advance(5 * MINUTE);
    await provider.refresh(NEVER);
    assert.equal(readAt(), first);
    await clock.advance(MINUTE);
    await provider.refresh(NEVER);
    assert.equal(readAt(), first + 6 * MINUTE, 'a tenth of the allowed age');
    assert.deepEqual(readdirSync(join(file, '..')), ['kept.json'], 'no half-written file is left');
  });

  for (const [why, change] of [
    ['of another place', { place: 'https://other.example.com' }],
    ['without an age', { readAt: 'yesterday' }],
    ['that is refused today', { text: answerOf('a', 'a') }],
  ] as const) {
    it(`a kept answer ${why} is not used`, async () => {
      await providerOf(scripted()).refresh(NEVER);
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change }));
      const source = scripted();
      source.next = new Error('away');
      const restarted = providerOf(source);
      await restarted.refresh(NEVER);
      assert.deepEqual(says(restarted.status()), { state: 'unusable', ageMs: null, why: 'away' });
    });
  }

  it('a kept answer from the future says that a clock is wrong, and is not used', async () => {
    await providerOf(scripted(), { now: () => clock.now() + HOUR }).refresh(NEVER);
    const source = scripted();
    source.next = new Error('away');
    const restarted = providerOf(source);
    await restarted.refresh(NEVER);
    assert.equal(restarted.status().state, 'unusable');
    assert.deepEqual(ids(restarted), []);
  });

  it('a full or forbidden disk is told and stops nothing', async () => {
    writeFileSync(join(dir, 'a-file'), '');
    const provider = providerOf(scripted(), { file: join(dir, 'a-file', 'kept.json') });
    await provider.refresh(NEVER);
    assert.match(provider.status().why ?? '', /cannot be kept for a restart: ENOTDIR|EEXIST/);
    assert.deepEqual(ids(provider), ['a']);
  });

  describe('reads a file', () => {
    it('again when it has changed', async () => {
      const path = join(dir, 'targets.yaml');
      writeFileSync(path, 'targets: [{ id: a, region: eu }]');
      const provider = providerOf(fileSource(path));
      await provider.refresh(NEVER);
      assert.deepEqual(ids(provider), ['a']);
      writeFileSync(`${path}.new`, 'targets: [{ id: b, region: eu }]');
      renameSync(`${path}.new`, path);
      await provider.refresh(NEVER);
      assert.deepEqual(ids(provider), ['b']);
      rmSync(path);
      await provider.refresh(NEVER);
      assert.match(provider.status().why ?? '', /ENOENT.*targets\.yaml/);
      assert.deepEqual(ids(provider), ['b']);
    });

    it('that is a pipe: refused, not waited for', async () => {
      const path = join(dir, 'pipe.json');
      execFileSync('mkfifo', [path]);
      const provider = providerOf(fileSource(path));
      await provider.refresh(NEVER);
      assert.match(provider.status().why ?? '', /no regular file/);
    });

    for (const [name, most] of [
      ['huge.json', MAX_ANSWER_BYTES],
      ['huge.yaml', MAX_YAML_BYTES],
    ] as const)
      it(`that is huge: refused by its size (${name})`, async () => {
        const path = join(dir, name);
        writeFileSync(path, Buffer.alloc(most + 1, ' '));
        const provider = providerOf(fileSource(path));
        await provider.refresh(NEVER);
        assert.equal(provider.status().why, `has ${most + 1} bytes, expected at most ${most}`);
        assert.equal(provider.status().state, 'unusable');
      });
  });

  describe('runs a command', () => {
    for (const [why, argv, timeoutMs, pattern] of [
      ['that is missing', ['/no/such/program'], 10_000, /cannot start \/no\/such\/program/],
      [
        'that fails',
        node('console.error("no\\nlogin"); process.exit(4)'),
        10_000,
        /exited with 4, expected 0: no login$/,
      ],
      ['that hangs', node('setTimeout(() => {}, 60000)'), 300, /did not end within 300 ms/],
      ['that prints nothing', node(''), 10_000, /is not JSON/],
      [
        'that prints without end',
        node('const c = "[".repeat(1 << 20); for (let i = 0; i < 33; i += 1) process.stdout.write(c)'),
        30_000,
        /has more than 33554432 bytes/,
      ],
    ] as const) {
      it(`${why}: unusable, and says so`, async () => {
        const provider = providerOf(commandSource(argv, timeoutMs));
        await provider.refresh(NEVER);
        assert.equal(provider.status().state, 'unusable');
        assert.match(provider.status().why ?? '', pattern);
        assert.deepEqual(ids(provider), []);
      });
    }

    it('and takes what it prints, without our secrets in its environment', async () => {
      process.env['TOCSIN_TEST_SECRET'] = 'canary';
      const script = `process.stdout.write(JSON.stringify({ targets: [{ id: process.env.TOCSIN_TEST_SECRET ?? 'none', region: 'eu' }] }))`;
      const provider = providerOf(commandSource(node(script), 10_000));
      await provider.refresh(NEVER);
      delete process.env['TOCSIN_TEST_SECRET'];
      assert.deepEqual(ids(provider), ['none']);
    });
  });

  describe('asks an HTTP server', () => {
    const http = (timeoutMs = 10_000) =>
      createHttp({
        allow: [{ origin: receiver.url.origin, private: true }],
        timeoutMs,
        maxBodyBytes: MAX_ANSWER_BYTES + 1,
      });
    const asked = async (timeoutMs?: number, bearer?: () => string) => {
      const provider = providerOf(httpSource(receiver.url.href, http(timeoutMs), bearer));
      await provider.refresh(NEVER);
      return provider;
    };

    it('with its bearer, which is read before each request', async () => {
      receiver.answer = (response) => response.end(answerOf('a'));
      const tokens = ['first', 'second'];
      const provider = await asked(10_000, () => tokens.shift() ?? '');
      await provider.refresh(NEVER);
      assert.deepEqual(ids(provider), ['a']);
      assert.deepEqual(
        receiver.requests.slice(-2).map(({ headers }) => headers.authorization),
        ['Bearer first', 'Bearer second'],
      );
      assert.ok(!readFileSync(file, 'utf8').includes('first'), 'no secret on disk');
    });

    for (const [why, answer, pattern] of [
      ['refuses', (response) => response.writeHead(403).end(), /answered 403, expected 200/],
      ['leads elsewhere', (response) => response.writeHead(302, { location: '/x' }).end(), /answered 302/],
      ['answers an error page', (response) => response.end('<h1>sorry</h1>'), /is not JSON/],
      ['breaks off', (response) => void (response.write('{"targets": ['), response.destroy()), /.+/],
      ['never answers', () => undefined, /timeout|aborted/i],
      ['sends without end', (response) => response.end(Buffer.alloc(MAX_ANSWER_BYTES + 5, ' ')), /more than 33554432/],
    ] satisfies [string, Receiver['answer'], RegExp][]) {
      it(`that ${why}: unusable, and says so`, async () => {
        receiver.answer = answer;
        const provider = await asked(why === 'never answers' ? 300 : 10_000);
        assert.equal(provider.status().state, 'unusable');
        assert.match(provider.status().why ?? '', pattern);
        assert.deepEqual(ids(provider), []);
      });
    }

    it('whose address is not allowed: never asked', async () => {
      const before = receiver.requests.length;
      const provider = providerOf(httpSource(receiver.url.href, createHttp({ allow: [] })));
      await provider.refresh(NEVER);
      assert.match(provider.status().why ?? '', /not allowed by http.allow/);
      assert.equal(receiver.requests.length, before);
    });
  });

  describe('is kept fresh', () => {
    it('by one reading after another, and each change of its state is told once', async () => {
      const source = scripted();
      const told: unknown[] = [];
      const kept = keepFresh([providerOf(source)], { pause: clock.pause, onChange: ({ state }) => told.push(state) });
      const settled = async () => {
        // Readings go to the disk in between, so turns alone do not tell when they are done.
        while (clock.pauses().length === 0) await new Promise((resolve) => setImmediate(resolve));
      };
      await settled();
      for (const next of [answerOf('a'), new Error('away'), new Error('away'), answerOf('b')]) {
        source.next = next;
        await clock.advance(MINUTE);
        await settled();
      }
      await kept.close();
      assert.deepEqual(told, ['fresh', 'kept', 'fresh']);
      assert.deepEqual(clock.pauses(), []);
    });
  });
});
