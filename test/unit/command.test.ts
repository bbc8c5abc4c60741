import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { runCommand } from '../../activities/command.ts';
import { until } from '../support/until.ts';

const LONG_MS = 60_000;
const node = (script: string, ...args: string[]): string[] => [process.execPath, '-e', script, ...args];
const ECHO = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';

/** Writes its pid and its child's pid into a file; both are deaf to SIGTERM and wait for a minute. */
const family = (file: string): string[] => [
  'sh',
  '-c',
  'trap "" TERM; sleep 60 & echo "[$$, $!]" > "$1.next" && mv "$1.next" "$1"; wait',
  'family',
  file,
];

describe('command', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-command-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('passes every argument on as it is, whatever a shell would make of it', async () => {
    const marker = join(dir, 'injected');
    const nasty = [
      `; touch ${marker}`,
      `$(touch ${marker})`,
      `\`touch ${marker}\``,
      `| touch ${marker}`,
      '&&',
      '*',
      '~',
      '$HOME',
      '"',
      "'",
      '\n',
      '-',
      '--',
      '',
    ];
    const result = await runCommand({ argv: node(ECHO, '--', ...nasty), timeoutMs: LONG_MS });
    assert.deepEqual(JSON.parse(result.stdout), nasty);
    assert.equal(existsSync(marker), false);
  });

  it('passes on any text without NUL bytes', async () => {
    const argument = fc
      .string({ unit: 'binary', maxLength: 30 })
      .filter((text) => !text.includes('\0') && text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(argument, { maxLength: 5 }), async (args) => {
        const { stdout } = await runCommand({ argv: node(ECHO, '--', ...args), timeoutMs: LONG_MS });
        assert.deepEqual(JSON.parse(stdout), args);
      }),
      { numRuns: 15 },
    );
  });

  it('a non-zero exit code is a result, with both streams', async () => {
    const argv = node('console.log("out"); console.error("err"); process.exit(3)');
    const { durationMs, ...result } = await runCommand({ argv, timeoutMs: LONG_MS });
    assert.deepEqual(result, { exitCode: 3, timedOut: false, stdout: 'out\n', stderr: 'err\n' });
    assert.ok(durationMs >= 0);
  });

  it('death by a signal has no exit code', async () => {
    const result = await runCommand({ argv: node('process.kill(process.pid, "SIGKILL")'), timeoutMs: LONG_MS });
    assert.equal(result.exitCode, null);
    assert.equal(result.timedOut, false);
  });

  it('sees only the environment it was given', async () => {
    process.env['TOCSIN_TEST_SECRET'] = 'hidden';
    const argv = node('console.log(process.env.TOCSIN_TEST_SECRET ?? "none", process.env.TOCSIN_KEY)');
    const { stdout } = await runCommand({ argv, timeoutMs: LONG_MS, env: { TOCSIN_KEY: 'k' } });
    delete process.env['TOCSIN_TEST_SECRET'];
    assert.equal(stdout, 'none k\n');
  });

  for (const [name, argv] of [
    ['no program at all', []],
    ['an empty program', ['', 'x']],
    ['a NUL byte in an argument', ['echo', 'a\0b']],
    ['a NUL byte in the program', ['ec\0ho']],
  ] as const) {
    it(`refuses ${name}, for good`, () =>
      assert.rejects(runCommand({ argv, timeoutMs: LONG_MS }), permanent('CommandRefused')));
  }

  it('a program that is missing is named, and not tried again', () =>
    assert.rejects(runCommand({ argv: ['/no/such/program'], timeoutMs: LONG_MS }), (error: unknown) => {
      assert.match(String(error), /\/no\/such\/program/);
      return permanent('CommandNotStarted')(error);
    }));

  it('a file that may not be executed is not tried again', () =>
    assert.rejects(runCommand({ argv: [import.meta.filename], timeoutMs: LONG_MS }), permanent('CommandNotStarted')));

  it('a host that has no file descriptor left is tried again', () => {
    const script = `
      import { openSync } from 'node:fs';
      import { runCommand } from ${JSON.stringify(join(import.meta.dirname, '../../activities/command.ts'))};
      try { for (;;) openSync('/dev/null', 'r'); } catch { /* that was the last one */ }
      const error = await runCommand({ argv: ['true'], timeoutMs: ${LONG_MS} }).catch((reason) => reason);
      process.stderr.write(JSON.stringify([error.message, error.nonRetryable]));`;
    const file = join(dir, 'short.mts');
    writeFileSync(file, script);
    const { stderr } = spawnSync('sh', ['-c', 'ulimit -n 256; exec "$0" --import tsx "$1"', process.execPath, file], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
    });
    assert.equal(stderr, '["cannot start true: spawn true EMFILE",null]');
  });

  it('keeps the first and the last part of a flood, and says what is missing', async () => {
    const argv = node(
      'process.stdout.write("first" + "x".repeat(5_000_000) + "last"); process.stderr.write("y".repeat(100))',
    );
    const { stdout, stderr } = await runCommand({ argv, timeoutMs: LONG_MS, maxOutputBytes: 1_000 });
    assert.match(stdout, /^firstx{495}\n\[\.\.\. 4999009 bytes left out \.\.\.\]\nx{496}last$/);
    assert.equal(stderr, 'y'.repeat(100));
  });

  it('output of exactly the bound is kept whole', async () => {
    const { stdout } = await runCommand({
      argv: node('process.stdout.write("z".repeat(1000))'),
      timeoutMs: LONG_MS,
      maxOutputBytes: 1_000,
    });
    assert.equal(stdout, 'z'.repeat(1_000));
  });

  it('a time-out ends the command and all that it started, even when they are deaf to SIGTERM', async () => {
    const file = join(dir, 'timed-out');
    const result = await runCommand({ argv: family(file), timeoutMs: 2_000 });
    assert.equal(result.timedOut, true);
    assert.equal(result.exitCode, null);
    await untilGone(file);
  });

  it('cancellation ends the command and all that it started', async () => {
    const file = join(dir, 'cancelled');
    const controller = new AbortController();
    const reason = new Error('the run was cancelled');
    const run = runCommand({ argv: family(file), timeoutMs: LONG_MS }, { signal: controller.signal });
    const rejected = assert.rejects(run, reason);
    await until('both processes', () => existsSync(file));
    controller.abort(reason);
    await rejected;
    await untilGone(file);
  });

  it('beats while the command runs, and not a time longer', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const file = join(dir, 'may-end');
    let beats = 0;
    const argv = ['sh', '-c', 'while [ ! -e "$1" ]; do sleep 0.05; done', 'waits', file];
    const run = runCommand({ argv, timeoutMs: LONG_MS }, { heartbeat: () => (beats += 1) });
    t.mock.timers.tick(4_999);
    assert.equal(beats, 0);
    t.mock.timers.tick(10_001);
    assert.equal(beats, 3);
    writeFileSync(file, '');
    assert.equal((await run).exitCode, 0);
    t.mock.timers.tick(60_000);
    assert.equal(beats, 3);
  });

  it('a run that is cancelled already starts nothing', async () => {
    const file = join(dir, 'never');
    const signal = AbortSignal.abort(new Error('too late'));
    await assert.rejects(runCommand({ argv: ['touch', file], timeoutMs: LONG_MS }, { signal }), /too late/);
    assert.equal(existsSync(file), false);
  });

  it('what a command leaves behind in its group ends with it', async () => {
    const file = join(dir, 'left-behind');
    const script = `
      const child = require('node:child_process').spawn('sleep', ['60'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(process.argv[1], JSON.stringify([child.pid]));
      process.exit(0);`;
    const result = await runCommand({ argv: node(script, file), timeoutMs: LONG_MS });
    assert.equal(result.exitCode, 0);
    await untilGone(file);
  });
});

const permanent = (type: string) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure);
  assert.equal(error.type, type);
  assert.equal(error.nonRetryable, true);
  return true;
};

async function untilGone(file: string): Promise<void> {
  const pids = JSON.parse(readFileSync(file, 'utf8')) as number[];
  for (const pid of pids) await until(`the end of process ${pid}`, () => !isAlive(pid));
}

/** A process that has ended and was not collected yet (state Z) counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/\) Z /.test(stat);
}
