/**
 * Runs one command of the operator's configuration: an argument vector, never a shell string. Time-out and cancellation end the whole
 * process group, output is bounded, and a heartbeat tells Temporal that it is still going on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { permanent } from './permanent.ts';

export interface CommandRequest {
  /** Program and arguments; passed on as they are. */
  readonly argv: readonly string[];
  /** Hard bound; then SIGTERM to the group, and SIGKILL 2 s later. */
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * Standard input stays open while the command may go on, and its end asks the command to end: what is started on another host learns of
   * a cancellation, a time-out and the death of this process in one way. SIGKILL follows after this many milliseconds.
   */
  readonly endsByEofWithinMs?: number;
  /** Kept of each output stream, first and last half; default 64 KiB. */
  readonly maxOutputBytes?: number;
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface CommandHooks {
  readonly signal?: AbortSignal;
  /** Called every few seconds while it runs. */
  readonly heartbeat?: () => void;
}

const KILL_AFTER_MS = 2_000;
const HEARTBEAT_EVERY_MS = 5_000;
const MAX_OUTPUT_BYTES = 65_536;
/** This host has no process, file or memory left just now. */
const SHORT_OF: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** Rejects when it cannot be started (permanent, unless this host is short of something just now) or was cancelled; a non-zero exit code is a result, not an error. */
export async function runCommand(request: CommandRequest, hooks: CommandHooks = {}): Promise<CommandResult> {
  const [program, ...args] = checked(request.argv);
  hooks.signal?.throwIfAborted();
  const begun = performance.now();
  const child = spawn(program, args, {
    // A group of its own, so that what the command starts ends with it.
    detached: true,
    stdio: [request.endsByEofWithinMs === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', ...request.env },
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
  });
  const limit = request.maxOutputBytes ?? MAX_OUTPUT_BYTES;
  const [stdout, stderr] = [new BoundedOutput(limit), new BoundedOutput(limit)];
  child.stdout?.on('data', (chunk: Buffer) => stdout.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
  // A command that ends without reading is no failure.
  child.stdin?.on('error', () => undefined);

  const group = endable(child, request.endsByEofWithinMs);
  const timer = setTimeout(() => group.end('time-out'), request.timeoutMs);
  const beat = setInterval(() => hooks.heartbeat?.(), HEARTBEAT_EVERY_MS);
  const cancel = (): void => group.end('cancelled');
  hooks.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const exitCode = await exited(child, program);
    if (group.ended() === 'cancelled') hooks.signal?.throwIfAborted();
    const timedOut = group.ended() === 'time-out';
    return {
      exitCode,
      timedOut,
      stdout: stdout.text(),
      stderr: stderr.text(),
      durationMs: Math.round(performance.now() - begun),
    };
  } finally {
    group.over();
    clearTimeout(timer);
    clearInterval(beat);
    hooks.signal?.removeEventListener('abort', cancel);
    // Whatever the command left behind in its group ends now: a run that goes on must not race with it.
    signalGroup(child, 'SIGKILL');
    child.stdin?.destroy();
  }
}

function checked(argv: readonly string[]): [string, ...string[]] {
  const [program, ...args] = argv;
  if (program === undefined || program === '')
    throw permanent('CommandRefused', 'argv is empty, expected a program and its arguments');
  const bad = argv.find((arg) => arg.includes('\0'));
  if (bad !== undefined) throw permanent('CommandRefused', `argument ${JSON.stringify(bad)} holds a NUL byte`);
  return [program, ...args];
}

const exited = (child: ChildProcess, program: string): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const message = `cannot start ${program}: ${error.message}`;
      const again = SHORT_OF.has(error.code ?? '');
      reject(again ? new Error(message, { cause: error }) : permanent('CommandNotStarted', message, error));
    });
    child.once('close', (code) => resolve(code));
    // A grandchild may hold the pipes open long after the command itself has ended.
    child.once('exit', (code) => setTimeout(() => resolve(code), 1_000).unref());
  });

function endable(child: ChildProcess, byEofWithinMs: number | undefined) {
  let why: 'time-out' | 'cancelled' | undefined;
  let kill: NodeJS.Timeout | undefined;
  return {
    ended: () => why,
    /** The group's number may belong to somebody else once it has ended. */
    over: () => clearTimeout(kill),
    end: (reason: 'time-out' | 'cancelled') => {
      why ??= reason;
      if (byEofWithinMs === undefined) signalGroup(child, 'SIGTERM');
      else child.stdin?.end();
      kill ??= setTimeout(() => signalGroup(child, 'SIGKILL'), byEofWithinMs ?? KILL_AFTER_MS);
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** Keeps the first and the last half of the limit, and says how much is missing between them. */
class BoundedOutput {
  readonly #half: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #total = 0;

  constructor(limit: number) {
    this.#half = Math.floor(limit / 2);
  }

  add(chunk: Buffer): void {
    this.#total += chunk.length;
    const room = this.#half - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    if (chunk.length > room)
      this.#tail = Buffer.concat([this.#tail, chunk.subarray(Math.max(room, 0))]).subarray(-this.#half);
  }

  text(): string {
    const left = this.#total - this.#head.length - this.#tail.length;
    const gap = left > 0 ? `\n[... ${left} bytes left out ...]\n` : '';
    return `${this.#head.toString('utf8')}${gap}${this.#tail.toString('utf8')}`;
  }
}
