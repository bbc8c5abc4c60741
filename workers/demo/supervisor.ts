/** Keeps the demo's service running, as an init system would: an instance that ends is started anew under another invocation id. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { CommandTreatment, ServiceTarget } from '../../activities/service-treatment.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type Effect, readEffects, writeState } from './demo-files.ts';

export interface DemoOptions {
  readonly name: string;
  readonly region: string;
  readonly dir: string;
  readonly port: number;
  /** Every new instance is sick as well: a restart does not help. */
  readonly stubborn?: boolean;
}

export interface DemoService {
  readonly origin: string;
  /** How the inventory names it. */
  readonly target: ServiceTarget<CommandTreatment>;
  healthy(): Promise<boolean>;
  /** Make it sick. */
  exhaust(): Promise<void>;
  /** What was done to it, by its own record. */
  effects(): readonly Effect[];
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 2_000;
const RESTART_AFTER_MS = 100;
const SCRIPT_EXTENSION = extname(import.meta.filename);
const script = (name: string): string => join(import.meta.dirname, `${name}${SCRIPT_EXTENSION}`);

/** Resolves when the first instance listens. */
export async function startDemoService(options: DemoOptions): Promise<DemoService> {
  const { dir, port, name, region } = options;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const origin = `http://127.0.0.1:${port}`;
  let starts = 0;
  let closing = false;
  let current: ChildProcess | undefined;

  const begin = async (): Promise<void> => {
    // Closed while the next instance was due: nothing would end that one.
    if (closing) return;
    starts += 1;
    const invocation = `${name}-${starts}`;
    const exhausted = options.stubborn === true && starts > 1;
    const child = fork(script('service'), [], {
      env: { ...process.env, DEMO_PORT: String(port), DEMO_EXHAUSTED: exhausted ? '1' : '0' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Ctrl-C in a terminal reaches a whole group; the service ends with its supervisor, in its turn.
      detached: true,
    });
    current = child;
    child.once('exit', () => {
      if (closing) return;
      writeState(dir, null);
      setTimeout(() => void begin(), RESTART_AFTER_MS).unref();
    });
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (child.exitCode === null && child.pid !== undefined) writeState(dir, { invocation, pid: child.pid });
  };
  await begin();
  if (current?.exitCode !== null) {
    closing = true;
    throw new CommandError(
      EXIT.refused,
      `the demo service cannot listen on port ${port}; stop what listens there, or set TOCSIN_DEMO_PORT`,
    );
  }

  const control = (...args: string[]): string[] => [
    process.execPath,
    ...process.execArgv,
    script('control'),
    dir,
    ...args,
  ];
  return {
    origin,
    target: {
      name,
      region,
      health: `${origin}/healthz`,
      status: control('status'),
      restart: control('restart', '{invocation}'),
      takeOut: control('take-out'),
      putBack: control('put-back'),
    },
    healthy: async () => (await ask(`${origin}/healthz`, 'GET')) === 200,
    exhaust: async () => {
      const status = await ask(`${origin}/exhaust`, 'POST');
      if (status !== 200) throw new Error(`the demo service answered ${status}, expected 200`);
    },
    effects: () => readEffects(dir),
    close: async () => {
      closing = true;
      if (current === undefined || current.exitCode !== null || current.signalCode !== null) return;
      const gone = once(current, 'exit');
      current.kill('SIGKILL');
      await gone;
    },
  };
}

async function ask(url: string, method: 'GET' | 'POST'): Promise<number> {
  const response = await fetch(url, { method, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  await response.arrayBuffer();
  return response.status;
}
