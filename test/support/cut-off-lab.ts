/** A real Temporal, and two groups of activity workers in network namespaces of their own. The target is a plain shell script that keeps its own record. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { ACTIVITY_TASKS, pollersOf } from '../../workers/pollers.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import { quietRuntime } from './approvals.ts';
import { type Namespace, makeNamespace } from './namespaces.ts';
import { startOnePerTarget } from './one-per-target.ts';
import { startTestServers } from './servers.ts';
import { until } from './until.ts';

/** Knows no tokens, and is deaf to SIGTERM. The first time it hangs for 20 s; while it acts it says so. */
const TARGET = `
trap '' TERM
record=$1 target=$2 group=$3
if [ -e "$record.$target" ]; then turns=2; else turns=100; : >"$record.$target"; fi
while [ "$turns" -gt 0 ]; do
  echo "$target $group $$ $(date +%s%3N)" >>"$record"
  sleep 0.2
  turns=$((turns - 1))
done
`;

export interface Acted {
  readonly target: string;
  readonly group: string;
  readonly pid: string;
  /** Ms since 1970, by the target's own clock. */
  readonly from: number;
  readonly to: number;
}

export interface CutOffLab {
  readonly groups: readonly Namespace[];
  begin(id: string, target: string, bounded: boolean): Promise<WorkflowHandle>;
  /** What the targets have recorded, by process. */
  acted(): readonly Acted[];
  stop(): Promise<void>;
}

const WORKER = join(import.meta.dirname, 'cut-off-worker.ts');

export async function startCutOffLab(): Promise<CutOffLab> {
  quietRuntime([]);
  const servers = await startTestServers({ temporal: true });
  const { namespace, temporalAddress: address } = servers;
  const [script, record] = [join(servers.dir, 'target.sh'), join(servers.dir, 'record')];
  const groups: Namespace[] = [];
  const workers: ChildProcess[] = [];
  const temporal = await connectTemporal({ connection: { address }, namespace, external: true });
  const runbooks = await startOnePerTarget(temporal);
  const stop = async (): Promise<void> => {
    await Promise.all(workers.map(end));
    for (const { pid } of actedIn(record)) endTarget(Number(pid), script);
    for (const group of groups) group.close();
    await runbooks.shutdown();
    await temporal.close();
    await servers.stopAll();
  };
  writeFileSync(script, TARGET);
  try {
    for (const index of [0, 1]) {
      const group = await makeNamespace(index, Number(address.split(':')[1]));
      groups.push(group);
      workers.push(startWorker(group, script, record));
    }
    await until('both groups poll', async () => {
      const pollers = await pollersOf(temporal, 'activities-eu', ACTIVITY_TASKS);
      return pollers.length === groups.length;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    groups,
    begin: runbooks.begin,
    acted: () => actedIn(record),
    stop,
  };
}

const startWorker = ({ name, address }: Namespace, script: string, record: string): ChildProcess =>
  spawn('ip', ['netns', 'exec', name, process.execPath, '--import', 'tsx', WORKER, address, name, script, record], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
}

/** What was bound by nothing outlives its worker. Its number may belong to somebody else by now. */
function endTarget(pid: number, script: string): void {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script)) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function actedIn(record: string): readonly Acted[] {
  const found = new Map<string, Acted>();
  const lines = existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : [];
  for (const line of lines) {
    const [target = '', group = '', pid = '', at = ''] = line.split(' ');
    const key = `${target} ${pid}`;
    found.set(key, { target, group, pid, from: found.get(key)?.from ?? Number(at), to: Number(at) });
  }
  return [...found.values()];
}
