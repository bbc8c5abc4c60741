/**
 * One server as a child process: its port is checked before, it is watched until it is ready, and it is stopped by its own pid.
 * A child is killed when this process exits in any way that Node can see.
 */
import { randomInt } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { CommandError, EXIT } from '../exit-code.ts';

export interface ServerProcess {
  readonly pid: number;
  /** SIGTERM, then SIGKILL after 10 s; resolves when the process is gone. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface StartOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Ports it will listen on, each with the setting that changes it. */
  readonly ports: readonly { readonly port: number; readonly setting: string }[];
  /** Resolves to true once the server answers. Called until then. */
  readonly ready: () => Promise<boolean>;
  readonly readyWithinMs: number;
}

const SETPRIV = '/usr/bin/setpriv';
const STOP_GRACE_MS = 10_000;
const READY_POLL_MS = 100;
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export async function startServer(options: StartOptions): Promise<ServerProcess> {
  for (const { port, setting } of options.ports) await assertFree(options.name, port, setting);
  mkdirSync(dirname(options.logFile), { recursive: true });
  const output = openSync(options.logFile, 'a');
  const [command, args] = dyingWithUs(options.command, options.args);
  const child = spawn(command, args, {
    stdio: ['ignore', output, output],
    // A group of its own: Ctrl-C in a terminal reaches a whole group, and servers end last, not first.
    detached: true,
    env: { ...process.env, ...options.env },
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  await untilReady(child, options);
  return { pid: child.pid ?? -1, stop: (signal = 'SIGTERM') => stop(child, signal) };
}

/** On Linux the kernel kills a child when its parent is gone, even by SIGKILL; elsewhere the next start finds what was left. */
function dyingWithUs(command: string, args: readonly string[]): [command: string, args: string[]] {
  if (process.platform !== 'linux' || !existsSync(SETPRIV)) return [command, [...args]];
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', command, ...args]];
}

async function untilReady(child: ChildProcess, options: StartOptions): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const deadline = performance.now() + options.readyWithinMs;
  while (performance.now() < deadline) {
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) break;
    if (await options.ready().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  const why =
    failure?.message ??
    (child.exitCode === null ? `no answer within ${options.readyWithinMs} ms` : `it exited with ${child.exitCode}`);
  await stop(child, 'SIGKILL');
  throw new CommandError(
    EXIT.failed,
    `${options.name} did not start: ${why}. Its last words (${options.logFile}):\n${lastLines(options.logFile)}`,
  );
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await gone;
  clearTimeout(timer);
}

async function assertFree(name: string, port: number, setting: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(
        new CommandError(
          EXIT.refused,
          `port ${port} for ${name} is taken. Stop what listens there, or choose another with ${setting}.`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

/** Below the range from which systems take ports of outgoing connections, any of which could have it before it is used. */
const PORTS = { from: 15_000, to: 32_000 } as const;
const PORT_TRIES = 100;

/** Ports of one process: two that look for one at once must not both find the same before either listens. */
const OWN_PORTS = 1_000;
const ownFrom = PORTS.from + (process.pid % Math.floor((PORTS.to - PORTS.from) / OWN_PORTS)) * OWN_PORTS;
const handedOut = new Set<number>();

/** A port of loopback that nobody uses now, and that this process was not given before. Rejects when a hundred chosen by chance are all taken. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES; tries += 1) {
    const port = randomInt(ownFrom, ownFrom + OWN_PORTS);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port found between ${ownFrom} and ${ownFrom + OWN_PORTS} on 127.0.0.1`);
}

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** True when something accepts a connection on this port of loopback. */
export const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-6).join('\n');
  } catch {
    return '(nothing)';
  }
}
