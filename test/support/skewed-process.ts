/** A process whose clock is wrong, by faketime; the servers beside it have the right one. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
/** For `skip`: why it cannot be run here; false: it can. */
export const lacksFaketime = existsSync(FAKETIME) ? false : 'faketime (Debian) is not installed';

/** Environment of a process whose clock is off by this, such as `-60`; its timers run as always. */
export const clockOff = (offset: string): Readonly<Record<string, string>> => ({
  LD_PRELOAD: FAKETIME,
  FAKETIME: offset,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});

export interface SkewedProcess {
  /** The first line it printed. */
  readonly said: string;
  /** Its clock is off by this from now on, such as `+3d`. */
  set(offset: string): void;
  stop(): Promise<void>;
}

/** Resolves when it has printed a line. `file`: where its offset is kept; it is read anew at each look at the clock. */
export async function startSkewed(file: string, offset: string, argv: readonly string[]): Promise<SkewedProcess> {
  const set = (to: string): void => writeFileSync(file, to);
  set(offset);
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  try {
    const ended = once(child, 'exit').then(() => assert.fail('the process ended'));
    const printed = await Promise.race([once(child.stdout!, 'data'), ended]);
    return { said: String(printed[0]).trim(), set, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
