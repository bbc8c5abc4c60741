/**
 * A worker process for drainNode, to be killed: by itself at one place, once. `argv`: address, bundle, region's targets, limits and kubeconfig as
 * one JSON document.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createAllowedTarget } from '../../activities/allowed-target.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import type { Target } from '../../activities/inventory/target.ts';
import { type KubernetesActivities, createKubernetesActivities } from '../../activities/kubernetes.ts';
import { type Clusters, createClusters } from '../../activities/kubernetes/clusters.ts';
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import type { ApprovalSettings } from '../../activities/approvals.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import { triggers } from '../../triggers/index.ts';
import { targetRules } from '../../workers/inventory/target-rules.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';
import type { Moment } from './effect-kill-hook.ts';
import type { SHIPPED_EFFECTS } from './shipped-effects.ts';

export interface Kill {
  readonly effect: (typeof SHIPPED_EFFECTS.drainNode)[number];
  /** `during`: after the API server has carried out its first change. `after`: when it is done and before that is told. */
  readonly moment: Moment;
  /** Written when it has happened, so that the next process goes on. */
  readonly marker: string;
}

export interface DrainWorkerOptions {
  readonly address: string;
  readonly codePath: string;
  readonly kubeconfig: string;
  readonly targets: readonly Omit<Target, 'provider'>[];
  readonly limits: readonly LimitDefinition[];
  readonly approvals: ApprovalSettings;
  readonly kill: Kill | null;
}

const options = JSON.parse(process.argv[2] ?? '{}') as DrainWorkerOptions;
const { address, codePath, kubeconfig, targets, limits, approvals, kill } = options;
const LIMITS = { maxCachedWorkflows: 100, maxActivities: 50, shutdownGraceMs: 1_000 };

Runtime.install({ logger: new DefaultLogger('ERROR') });
const temporal = await connectTemporal({ connection: { address }, namespace: 'default', external: true });
const inventory = createInventory([configProvider(targets)]);
const decisions = createDecisions({
  approvals: () => approvals,
  limits: { client: temporal.client, definitions: limits, countTargets: (selector) => inventory.size(selector) },
  tell: () => undefined,
});
let acting: string | null = null;
const activities = killed(
  createKubernetesActivities({
    allowedTarget: createAllowedTarget({ region: 'eu', inventory, rules: targetRules({ allow: [] }, triggers) }),
    clusters: dyingClusters(createClusters([{ name: 'test', kubeconfig: () => ({ text: kubeconfig, path: null }) }])),
  }),
);
await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS);
await createWorker(temporal, { kind: 'activities', region: 'eu', activities: refusePlans(activities) }, LIMITS);
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

function killed(activities: KubernetesActivities): KubernetesActivities {
  if (kill === null) return activities;
  const original = activities[kill.effect] as (input: never) => Promise<unknown>;
  const dying = async (input: never): Promise<unknown> => {
    if (due('before')) die();
    acting = kill.effect;
    const result = await original(input);
    if (due('after')) die();
    return result;
  };
  return { ...activities, [kill.effect]: dying };
}

/** A look may be made as often as one likes; only what changes something counts. */
function dyingClusters(clusters: Clusters): Clusters {
  return (name) => {
    const cluster = clusters(name);
    return {
      ...cluster,
      try: async (what, request) => {
        const asked = await cluster.try(what, request);
        if (acting !== null && /^(change|evict)/.test(what) && asked.kind === 'ok' && due('during')) die();
        return asked;
      },
    };
  };
}

function due(moment: Kill['moment']): boolean {
  return kill !== null && kill.moment === moment && !existsSync(kill.marker);
}

function die(): never {
  writeFileSync(kill?.marker ?? '', '');
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives a moment later; nothing may happen in it.
  for (;;);
}
