/** A real Kubernetes, a real Temporal, and worker processes for drainNode that can be killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { pino } from 'pino';
import type { ApprovalSettings } from '../../activities/approvals.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import type { StartRequest } from '../../triggers/path/ports.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import type { DrainNodeInput } from '../../workflows/drain-node.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import type { DrainWorkerOptions, Kill } from './drain-worker.ts';
import { type TestKubernetes, startKubernetes } from './kubernetes.ts';
import { clearNamespace, createNamespace, deploy, setOpen } from './kubernetes-workload.ts';
import { startTestServers } from './servers.ts';
import { until } from './until.ts';
import { limitDefinition } from './limit-definition.ts';
import { labContext } from './lab-context.ts';

export interface DrainLab {
  readonly kube: TestKubernetes;
  readonly client: Client;
  /** Environment with which a command reaches this Temporal. */
  readonly env: NodeJS.ProcessEnv;
  startWorker(kill?: Kill): Promise<ChildProcess>;
  begin(input: DrainNodeInput, context?: Partial<RunContext>): Promise<WorkflowHandle>;
  /** As a trigger has asked for it. */
  start(request: StartRequest): Promise<WorkflowHandle>;
  /** What was changed since, as `cordon web-1`, `evict shop/x`; only what the API server accepted. */
  effects(from?: number): string[];
  /** Pods of one deployment, all on web-1, with web-2 open for what has to go. `minAvailable`: of its budget; absent: it has none. */
  fillFirst(replicas: number, minAvailable?: number): Promise<void>;
  /** Both nodes open, ready and empty. */
  reset(): Promise<void>;
  isOpen(node: string): Promise<boolean>;
  stop(): Promise<void>;
}

export const NS = 'shop';
export const NODES = ['web-1', 'web-2'] as const;
const NO_APPROVALS = { keys: [], quorum: 1, quorums: {}, expiryMs: 600_000, remindersMs: [], escalation: [] };
const LIMIT = limitDefinition('drain-per-pool', { scope: 'label:pool', waitMs: 300_000 });

export async function startDrainLab(approvals: Partial<ApprovalSettings> = {}): Promise<DrainLab> {
  const [servers, kube] = await Promise.all([startTestServers({ temporal: true }), startKubernetes()]);
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const client = new Client({ connection, namespace: servers.namespace });
  const { codePath } = await workflowBundle(servers.dir, pino({ level: 'silent' }));
  const config = join(servers.dir, 'tocsin.yaml');
  writeFileSync(config, 'regions: [eu]\n');
  await createNamespace(kube, NS);
  for (const node of NODES) await kube.nodes.add(node);
  const workers = new Set<ChildProcess>();
  let started = 0;
  const end = async (worker: ChildProcess): Promise<void> => {
    workers.delete(worker);
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  };
  const start = async (request: StartRequest): Promise<WorkflowHandle> => {
    await createEngine({ client, namespace: servers.namespace }).start(request);
    return client.workflow.getHandle(request.workflowId);
  };
  return {
    kube,
    client,
    env: { ...process.env, TOCSIN_CONFIG: config, TEMPORAL_ADDRESS: servers.temporalAddress },
    start,
    startWorker: async (kill) => {
      const options: DrainWorkerOptions = {
        address: servers.temporalAddress,
        codePath,
        kubeconfig: kube.tocsin,
        targets: [...NODES, 'lost'].map((id) => ({
          id,
          kind: 'kubernetes-node',
          service: id,
          region: 'eu',
          labels: { cluster: 'test', pool: 'web' },
        })),
        limits: [LIMIT],
        approvals: { ...NO_APPROVALS, ...approvals },
        kill: kill ?? null,
      };
      const file = join(import.meta.dirname, 'drain-worker.ts');
      const worker = fork(file, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
      workers.add(worker);
      await once(worker, 'message');
      return worker;
    },
    begin: async (input, context = {}) => {
      started += 1;
      const full: RunContext = { ...CONTEXT, service: input.node, generation: started, ...context };
      const workflowId = `${full.mode === 'plan' ? 'plan/' : ''}drain-node/test#${started}`;
      return start({
        workflowId,
        workflowType: 'drainNode',
        input,
        context: full,
        executionTimeoutMs: 600_000,
        summary: `drain ${input.node}`,
      });
    },
    effects: (from = 0) =>
      kube
        .requests()
        .slice(from)
        .filter(({ status }) => status < 300)
        .map(({ object }) =>
          object.replace(/^nodes\//, 'change ').replace(/^(.*)\/pods\/(.*)\/eviction$/, 'evict $1/$2'),
        ),
    fillFirst: async (replicas, minAvailable) => {
      await setOpen(kube, 'web-2', false);
      await deploy(kube, {
        namespace: NS,
        name: 'shop',
        replicas,
        ...(minAvailable === undefined ? {} : { minAvailable }),
      });
      await setOpen(kube, 'web-2', true);
    },
    reset: async () => {
      for (const worker of workers) await end(worker);
      await clearNamespace(kube, NS);
      for (const name of NODES) {
        await kube.nodes.revive(name);
        await kube.core.patchNode({ name, body: OPEN });
      }
    },
    isOpen: async (name) => (await kube.core.readNode({ name })).spec?.unschedulable !== true,
    stop: async () => {
      await Promise.all([...workers].map(end));
      await connection.close();
      await Promise.all([servers.stopAll(), kube.stop()]);
    },
  };
}

/** The step of the run that waits or fails, as the UI shows it. */
export const untilDetails = (run: WorkflowHandle, text: string): Promise<true> =>
  until(`the run says ${text}`, async () => {
    const details = JSON.stringify(await run.query('__temporal_workflow_metadata'));
    return details.includes(text) || assert.fail(details);
  });

const OPEN = [
  { op: 'add', path: '/spec/unschedulable', value: false },
  { op: 'add', path: '/metadata/annotations', value: {} },
];

const CONTEXT = labContext({
  trigger: 'drain-node',
  alertKey: 'am:KubeNodeNotReady:1',
  title: 'web-1 is not ready',
  service: 'web-1',
  severity: 'warning',
  onResolved: 'cancel',
});
