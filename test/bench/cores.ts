/** Which core a process runs on. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** One core for `favoured` alone among these processes, all the others for `rest`. False when this machine cannot: one core, or no `taskset`. */
export function giveACore(favoured: number, rest: readonly number[]): boolean {
  const cores = availableParallelism();
  if (cores < 2) return false;
  return pin(favoured, '0') && rest.every((pid) => pin(pid, `1-${cores - 1}`));
}

const pin = (pid: number, cores: string): boolean =>
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)]).status === 0;
