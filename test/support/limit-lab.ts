/** A real Temporal, worker processes that can be killed, and the effects they had, for tests of limits. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { stringify } from 'yaml';
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import { type LimitView, STATE_QUERY } from '../../workflows/engine/limit-protocol.ts';
import { attributesOf } from '../../workflows/kit/run-attributes.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { type EffectLine, effectsOf } from './limit-effects.ts';
import type { LimitedInput } from './limit-runbooks.ts';
import { type TestServers, startTestServers } from './servers.ts';
import { byHandContext } from './lab-context.ts';

export type Begin = Omit<LimitedInput, 'name'> & { readonly target?: string };

export interface LimitLab {
  readonly client: Client;
  readonly servers: TestServers;
  /** Environment with which a command finds these limits. */
  readonly env: NodeJS.ProcessEnv;
  /** Another worker process. `behind`: to it the visibility store, which a large server fills seconds late, has nothing yet. */
  startWorker(visibility?: 'behind'): Promise<ChildProcess>;
  /** SIGKILL, to the one with that number or to all. */
  kill(pid?: number): Promise<void>;
  /** `target`: what counts as one of the sick. */
  begin(runbook: string, name: string, input: Begin): Promise<WorkflowHandle>;
  openGate(gate: string): void;
  effects(): EffectLine[];
  state(limit: string): Promise<LimitView>;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');

export async function startLimitLab(definitions: readonly LimitDefinition[], targets = 10): Promise<LimitLab> {
  const servers = await startTestServers({ temporal: true });
  const dir = join(servers.dir, 'effects');
  mkdirSync(dir);
  const codePath = join(servers.dir, 'limits.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'limit-runbooks.ts'),
    workflowInterceptorModules: [join(ROOT, 'workflows/kit/fence-header.ts')],
    logger: new DefaultLogger('ERROR'),
  });
  writeFileSync(codePath, code);
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const client = new Client({ connection, namespace: servers.namespace });
  const workers = new Set<ChildProcess>();

  const startWorker = async (visibility = ''): Promise<ChildProcess> => {
    const args = [servers.temporalAddress, codePath, dir, JSON.stringify(definitions), String(targets), visibility];
    const worker = fork(join(import.meta.dirname, 'limit-worker.ts'), args, { execArgv: ['--import', 'tsx'] });
    workers.add(worker);
    await once(worker, 'message');
    return worker;
  };
  const end = async (worker: ChildProcess): Promise<void> => {
    workers.delete(worker);
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  };
  const config = join(servers.dir, 'tocsin.yaml');
  const limits = definitions.map(({ name, scope, slots }) => ({ name, scope, slots }));
  writeFileSync(config, stringify({ regions: ['eu'], limits }));
  return {
    client,
    servers,
    env: { ...process.env, TOCSIN_CONFIG: config, TEMPORAL_ADDRESS: servers.temporalAddress },
    startWorker,
    kill: async (pid) => {
      await Promise.all([...workers].filter((each) => pid === undefined || each.pid === pid).map(end));
    },
    begin: (runbook, name, { target, ...input }) => {
      // As the dispatcher does.
      const tocsin: RunContext = byHandContext({
        alertKey: name,
        service: target ?? 'checkout',
        phases: 'exceptional',
        cancelled: 'ended',
      });
      return client.workflow.start(runbook, {
        workflowId: name,
        taskQueue: 'runbooks',
        args: [{ name, ...input }],
        workflowExecutionTimeout: 600_000,
        memo: { tocsin },
        typedSearchAttributes: attributesOf(tocsin),
      });
    },
    openGate: (gate) => writeFileSync(join(dir, gate), ''),
    effects: () => effectsOf(dir),
    state: (limit) => client.workflow.getHandle(limit).query<LimitView>(STATE_QUERY),
    stop: async () => {
      await Promise.all([...workers].map(end));
      await connection.close();
      await servers.stopAll();
    },
  };
}

/** Most effects in progress at once. An effect of a process that was killed ended with it. */
export function mostAtOnce(lines: readonly EffectLine[]): number {
  const open = new Map<string, number>();
  let most = 0;
  for (const { what, name } of lines) {
    if (what === 'page') continue;
    // A second attempt takes the place of the first.
    if (what === 'begin') open.set(name, 1);
    else open.delete(name);
    most = Math.max(most, open.size);
  }
  return most;
}

/** What an operator does in the Temporal UI: the run continues from right after its `task`th workflow task. */
export async function reset(client: Client, handle: WorkflowHandle, task: number): Promise<string> {
  const { events } = await handle.fetchHistory();
  const completed = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await handle.describe();
  const { runId: next } = await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    workflowTaskFinishEventId: completed.at(task)?.eventId ?? null,
    reason: 'test',
    requestId: crypto.randomUUID(),
  });
  return next;
}
