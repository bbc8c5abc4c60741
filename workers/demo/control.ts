/**
 * `control <dir> status | restart <invocation> | take-out | put-back`: what `systemctl` would be for a real service. A restart is
 * compare-and-act: exit code 3 says that another instance runs than the one named.
 */
import { addEffect, readState } from './demo-files.ts';

const NEW_INSTANCE_WITHIN_MS = 15_000;
const POLL_MS = 20;
const OTHER_INSTANCE = 3;

const [dir = '', action = '', observed = ''] = process.argv.slice(2);
const effect = (name: 'restart' | 'take-out' | 'put-back', invocation: string | null): void =>
  addEffect(dir, { action: name, invocation, key: process.env['TOCSIN_KEY'] ?? '', at: new Date().toISOString() });

if (action === 'status') {
  console.log(JSON.stringify({ invocation: readState(dir)?.invocation ?? null }));
} else if (action === 'restart') {
  process.exitCode = await restart();
} else if (action === 'take-out' || action === 'put-back') {
  effect(action, readState(dir)?.invocation ?? null);
} else {
  console.error(`unknown action ${JSON.stringify(action)}, expected status, restart, take-out or put-back`);
  process.exitCode = 2;
}

async function restart(): Promise<number> {
  const state = readState(dir);
  if (state?.invocation !== observed) return OTHER_INSTANCE;
  effect('restart', observed);
  process.kill(state.pid, 'SIGTERM');
  const deadline = Date.now() + NEW_INSTANCE_WITHIN_MS;
  while (Date.now() < deadline) {
    const now = readState(dir);
    if (now !== null && now.invocation !== observed) return 0;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  console.error(`no new instance within ${NEW_INSTANCE_WITHIN_MS} ms`);
  return 1;
}
