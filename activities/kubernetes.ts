/**
 * Nodes and deployments of Kubernetes clusters. Events choose among targets of the inventory by id (R8); cluster, namespace and name come from
 * the inventory, the credentials from configuration. Every effect is compare-and-act (R9): on the object that was observed, or not at all.
 */
import { Context } from '@temporalio/activity';
import type { AllowedTarget } from './allowed-target.ts';
import { idempotencyKey } from './idempotency-key.ts';
import type { Clusters } from './kubernetes/clusters.ts';
import { type Changed, observeDeployment, restart, scale, undoRollout } from './kubernetes/deployment.ts';
import { type Evicted, type EvictRequest, evictPodsOf } from './kubernetes/evict.ts';
import { cordon, cordonedBy, isCordoned, readNode, readPodsOf, readiness, uncordon } from './kubernetes/node.ts';
import { type DrainRules, nodePods, textOf } from './kubernetes/node-pods.ts';
import { deploymentNameOf, nodeNameOf } from './kubernetes/object-name.ts';
import { look } from './look.ts';

export interface NodeRequest {
  /** Id of a target of kind `kubernetes-node`. */
  readonly node: string;
}

/** The node that was observed: another one of that name is left alone. */
export interface SameNodeRequest extends NodeRequest {
  readonly uid: string;
}

export type NodeObservation = { readonly kind: 'gone' } | PresentNode;

export interface PresentNode {
  readonly kind: 'node';
  readonly uid: string;
  readonly ready: boolean;
  /** `Ready is Unknown: Kubelet stopped posting node status.` */
  readonly detail: string;
  readonly cordoned: boolean;
  /** Workflow id of the run that cordoned it; null when nobody or somebody else did. */
  readonly cordonedBy: string | null;
  /** Label `pool` of the target: what limits count by. */
  readonly pool: string | null;
  readonly pods: {
    /** To be evicted; at most 500 names. */
    readonly evict: readonly string[];
    readonly ending: readonly string[];
    /** Should have ended long ago: their kubelet does not answer. */
    readonly overdue: readonly string[];
    /** How many stay by their nature: of daemon sets, and static. */
    readonly stay: number;
    readonly inTheWay: readonly string[];
  };
}

export interface DeploymentRequest {
  /** Id of a target of kind `kubernetes-deployment`. */
  readonly deployment: string;
}

export interface ChangeDeploymentRequest extends DeploymentRequest {
  /** The one observed; a deployment that was changed since is left alone. */
  readonly generation: number;
}

export interface ScaleRequest extends DeploymentRequest {
  /** The count observed; with another count it is left alone. */
  readonly from: number;
  readonly to: number;
}

export type KubernetesActivities = ReturnType<typeof createKubernetesActivities>;

export interface KubernetesDependencies {
  readonly allowedTarget: AllowedTarget;
  readonly clusters: Clusters;
}

const MAX_NAMES = 500;

export function createKubernetesActivities({ allowedTarget, clusters }: KubernetesDependencies) {
  const nodeAt = (id: string) => {
    const target = allowedTarget(id);
    const { cluster, name } = nodeNameOf(target);
    return { cluster: clusters(cluster), name, pool: target.labels['pool'] ?? null };
  };
  const deploymentAt = (id: string) => {
    const name = deploymentNameOf(allowedTarget(id));
    return { cluster: clusters(name.cluster), name };
  };
  return {
    /** Looks only; may run any number of times. Retried while the API server cannot be asked. */
    observeNode: look(async ({ node, ...rules }: NodeRequest & DrainRules): Promise<NodeObservation> => {
      const { cluster, name, pool } = nodeAt(node);
      const found = await readNode(cluster, name);
      if (found === null) return { kind: 'gone' };
      const pods = nodePods(await readPodsOf(cluster, name), rules, Date.now());
      return {
        kind: 'node',
        uid: found.metadata?.uid ?? '',
        ...readiness(found),
        cordoned: isCordoned(found),
        cordonedBy: cordonedBy(found),
        pool,
        pods: {
          evict: pods.evict.slice(0, MAX_NAMES).map(textOf),
          ending: pods.ending.slice(0, MAX_NAMES).map(textOf),
          overdue: pods.overdue.slice(0, MAX_NAMES).map(textOf),
          stay: pods.stay.length,
          inTheWay: pods.inTheWay.slice(0, MAX_NAMES),
        },
      };
    }),

    /** May run twice: the cordon carries the name of its run. `byUs: false`: somebody else had cordoned it, and it stays theirs. */
    cordonNode: async ({ node, uid }: SameNodeRequest): Promise<{ readonly byUs: boolean }> => {
      const { cluster, name } = nodeAt(node);
      return { byUs: await cordon(cluster, name, uid, ownRun()) };
    },

    /** May run twice: only the cordon of this very run is taken back. `open: false`: somebody else's cordon stays, or the node is gone. */
    uncordonNode: async ({ node, uid }: SameNodeRequest): Promise<{ readonly open: boolean }> => {
      const { cluster, name } = nodeAt(node);
      return { open: await uncordon(cluster, name, uid, ownRun()) };
    },

    /** May run twice: it looks which pods are there, and evicts each by its uid. Takes up to `withinMs`; heartbeats every few seconds. */
    evictPods: async ({ node, ...request }: NodeRequest & EvictRequest): Promise<Evicted> => {
      const { cluster, name } = nodeAt(node);
      return evictPodsOf(cluster, name, request);
    },

    /** Looks only; may run any number of times. */
    observeDeployment: look(async ({ deployment }: DeploymentRequest) => {
      const { cluster, name } = deploymentAt(deployment);
      return observeDeployment(cluster, name);
    }),

    /** May run twice: the deployment carries the key of what changed it last. */
    restartDeployment: async ({ deployment, generation }: ChangeDeploymentRequest): Promise<Changed> => {
      const { cluster, name } = deploymentAt(deployment);
      return restart(cluster, name, { generation, key: idempotencyKey() });
    },

    /** May run twice, as above. Back to the revision before. */
    undoRollout: async ({ deployment, generation }: ChangeDeploymentRequest): Promise<Changed> => {
      const { cluster, name } = deploymentAt(deployment);
      return undoRollout(cluster, name, { generation, key: idempotencyKey() });
    },

    /** May run twice: with another count than `from` it is left alone. */
    scaleDeployment: async ({ deployment, from, to }: ScaleRequest): Promise<Changed> => {
      const { cluster, name } = deploymentAt(deployment);
      return scale(cluster, name, { from, to, key: idempotencyKey() });
    },
  };
}

const ownRun = (): string => Context.current().info.workflowExecution?.workflowId ?? 'none';
