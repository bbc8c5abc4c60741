import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { remoteCommand } from '../../activities/remote-command.ts';
import { createSsh } from '../../activities/ssh.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type TestSshd, lacksSshd, startSshd } from '../support/sshd.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 45_000;
const SHELL_CHARACTERS = [
  `'`,
  '"',
  '\\',
  '`',
  '$',
  '(',
  ')',
  '{',
  '[',
  '*',
  '?',
  '~',
  '!',
  '#',
  '&',
  '|',
  ';',
  '<',
  '-',
  ' ',
  '\n',
  '\t',
  'a',
];
const MEBIBYTE = 1_048_576;

describe('ssh', { skip: lacksSshd }, () => {
  let dir: string;
  let sshd: TestSshd;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-sshd-'));
    sshd = await startSshd(dir);
    // Prints each argument in hexadecimal on a line of its own, whatever is in it.
    const script = `#!${process.execPath}\nfor (const arg of process.argv.slice(2)) console.log(Buffer.from(arg).toString('hex') || '-');\n`;
    writeFileSync(join(sshd.bin, 'show-args'), script);
    chmodSync(join(sshd.bin, 'show-args'), 0o755);
  });
  after(async () => {
    await sshd?.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  const run = (argv: readonly string[], timeoutMs = TIMEOUT_MS) => sshd.ssh.run(sshd.host, { argv, timeoutMs });
  const arrived = async (args: readonly string[]): Promise<string[]> => {
    const { stdout, stderr, exitCode } = await run(['show-args', ...args]);
    assert.equal(exitCode, 0, stderr);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Buffer.from(line === '-' ? '' : line, 'hex').toString());
  };

  it('runs a program with its arguments and reports what it wrote', async () => {
    const result = await run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual([result.exitCode, result.stdout, result.stderr, result.timedOut], [7, 'out\n', 'err\n', false]);
  });

  it('what a shell would interpret arrives byte for byte', async () => {
    const canary = join(dir, 'canary');
    const hostile = [
      `; touch ${canary}`,
      `$(touch ${canary})`,
      `\`touch ${canary}\``,
      `' ; touch ${canary} ; '`,
      `\ntouch ${canary}\n`,
      '-oProxyCommand=touch',
      '--',
      '',
      '${HOME} $HOME ~ * ? [a] {a,b} ! # % \\ " \' & | < >',
      '{{ 7 }}',
      'ümläut 🔔',
      '\u0001\u001b[2J\r\t',
    ];
    assert.deepEqual(await arrived(hostile), hostile);
    assert.equal(existsSync(canary), false);
  });

  it('every argument arrives byte for byte', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).map((each) => each.replaceAll('\0', '0'));
    const shellText = fc.string({ unit: fc.constantFrom(...SHELL_CHARACTERS), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(text, shellText), { minLength: 1, maxLength: 30 }), async (args) => {
        assert.deepEqual(await arrived(args), args);
      }),
      { numRuns: 40 },
    );
  });

  for (const [what, argv, pattern] of [
    ['a NUL byte', ['echo', 'a\0b'], /NUL byte/],
    ['half a character', ['echo', '\ud800'], /half a character/],
    ['no program', [], /argv is empty/],
    ['more than a shell takes', ['echo', 'x'.repeat(200_000)], /expected at most 100000/],
  ] as const)
    it(`${what} is refused`, () =>
      assert.throws(() => remoteCommand({ argv, timeoutMs: 1 }), permanent('CommandRefused', pattern)));

  it('the key and the fence of a step are in the environment of the command', async () => {
    const request = { argv: ['sh', '-c', 'echo "$TOCSIN_KEY|$TOCSIN_FENCE"'], timeoutMs: TIMEOUT_MS };
    const { stdout } = await sshd.ssh.run(sshd.host, { ...request, key: "a'b/1", fence: 'web/x:7' });
    assert.equal(stdout, "a'b/1|web/x:7\n");
  });

  it('exit code 255 of a command is not taken for a failed connection', async () => {
    assert.equal((await run(['sh', '-c', 'exit 255'])).exitCode, 254);
  });

  it('output of a gigabyte is bounded, here and in memory', async () => {
    const before = process.memoryUsage().rss;
    const { exitCode, stdout } = await run(['head', '-c', '1000000000', '/dev/zero'], 120_000);
    assert.equal(exitCode, 0);
    assert.ok(stdout.length < 66_000, String(stdout.length));
    assert.match(stdout, /\[\.\.\. 999934464 bytes left out \.\.\.\]/);
    assert.ok(process.memoryUsage().rss - before < 200 * MEBIBYTE);
  });

  /** A command that notes its own pid and that of a child that ignores SIGTERM. */
  const stubborn = (name: string): string[] => [
    'sh',
    '-c',
    `(trap '' TERM; exec sleep 600) & echo "$! $$" > ${join(dir, name)}; wait`,
  ];
  const pidsOf = (name: string): Promise<number[]> =>
    until(`${name} has begun`, () => {
      const [child = 0, own = 0] = readFileSync(join(dir, name), 'utf8').split(' ').map(Number);
      return own > 0 && [child, own];
    });

  it('a command that is too slow is ended on the target, with all it started', async () => {
    const { timedOut } = await run(stubborn('slow'), 500);
    assert.equal(timedOut, true);
    assert.deepEqual((await pidsOf('slow')).filter(isAlive), []);
  });

  it('cancellation returns when the command has ended on the target, with all it started', async () => {
    const abort = new AbortController();
    const hooks = { signal: abort.signal };
    const running = sshd.ssh.run(sshd.host, { argv: stubborn('cancelled'), timeoutMs: 600_000 }, hooks);
    const pids = await pidsOf('cancelled');
    assert.deepEqual(pids.filter(isAlive), pids);
    const rejected = assert.rejects(running, /cancelled by test/);
    abort.abort(new Error('cancelled by test'));
    await rejected;
    assert.deepEqual(pids.filter(isAlive), []);
  });

  it('what a command leaves behind in its group ends with it', async () => {
    const { exitCode } = await run(['sh', '-c', `sleep 600 >/dev/null 2>&1 & echo "$! $$" > ${join(dir, 'left')}`]);
    assert.equal(exitCode, 0);
    const pids = await pidsOf('left');
    assert.deepEqual(pids.filter(isAlive), []);
  });

  it('a host whose key has changed is refused for good', async () => {
    const other = await startSshd(join(dir, 'other'));
    try {
      await other.changeHostKey();
      await assert.rejects(
        other.ssh.run(other.host, { argv: ['true'], timeoutMs: TIMEOUT_MS }),
        permanent('SshHostKeyRefused', /a human has to look: .*Host key verification failed/s),
      );
    } finally {
      await other.kill();
    }
  });

  it('a host that nobody has vouched for is refused for good', async () => {
    const ssh = createSsh({ knownHosts: '/dev/null', identity: sshd.identity });
    await assert.rejects(
      ssh.run(sshd.host, { argv: ['true'], timeoutMs: TIMEOUT_MS }),
      permanent('SshHostKeyRefused', /web-1/),
    );
  });

  it('a key that the host does not take is refused for good', async () => {
    const ssh = createSsh({ knownHosts: sshd.knownHosts, identity: join(dir, 'host') });
    await assert.rejects(
      ssh.run(sshd.host, { argv: ['true'], timeoutMs: TIMEOUT_MS }),
      permanent('SshAuthRefused', /Permission denied/),
    );
  });

  it('a host where nothing listens is tried again', async () => {
    const host = { ...sshd.host, port: await freePort() };
    await assert.rejects(
      sshd.ssh.run(host, { argv: ['true'], timeoutMs: TIMEOUT_MS }),
      retryable(/Connection refused/),
    );
  });

  it('a command that writes "Permission denied" before the connection ends is no refused key', async () => {
    const script = 'echo "Permission denied (publickey)" >&2; kill -9 $(ps -o ppid= -p $(ps -o ppid= -p $PPID))';
    await assert.rejects(run(['sh', '-c', `${script}; sleep 600`]), retryable(/the connection ended/));
  });

  for (const [name, change] of [
    ['an option for an address', { address: '-oProxyCommand=touch' }],
    ['a command in an address', { address: '127.0.0.1;reboot' }],
    ['an option for a user', { user: '-oProxyCommand=touch' }],
    ['a user with a host', { user: 'root@elsewhere' }],
  ] as const)
    it(`${name} is refused`, () =>
      assert.rejects(
        sshd.ssh.run({ ...sshd.host, ...change }, { argv: ['true'], timeoutMs: TIMEOUT_MS }),
        permanent('SshHostRefused', /is no address/),
      ));
});

/** Whether it still runs; a zombie does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const permanent = (type: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.deepEqual([error.type, error.nonRetryable], [type, true]);
  assert.match(error.message, pattern);
  return true;
};

const retryable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && !(error instanceof ApplicationFailure), String(error));
  assert.match(error.message, pattern);
  return true;
};
