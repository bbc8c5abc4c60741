/** Workloads of a test cluster: small deployments with or without a budget, pinned to nothing, with a short end. */
import assert from 'node:assert/strict';
import type { V1PodSpec } from '@kubernetes/client-node';
import type { TestKubernetes } from './kubernetes.ts';
import { until } from './until.ts';

export interface WorkloadOptions {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** Of the budget; absent: no budget. */
  readonly minAvailable?: number;
  readonly spec?: Partial<V1PodSpec>;
}

/** Controllers whose API server was away look for it again after a minute at the latest. */
const COUNTED_WITHIN_MS = 180_000;
export const CONTAINER = { name: 'main', image: 'example.com/app:1' };

export async function createNamespace({ core }: TestKubernetes, name: string): Promise<void> {
  await core.createNamespace({ body: { metadata: { name } } });
}

/** Resolves when its pods are available, and its budget knows them. */
export async function deploy(kube: TestKubernetes, options: WorkloadOptions): Promise<void> {
  const { namespace, name, replicas, minAvailable, spec = {} } = options;
  const matchLabels = { app: name };
  await kube.apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels },
        template: {
          metadata: { labels: matchLabels },
          spec: { terminationGracePeriodSeconds: 1, containers: [CONTAINER], ...spec },
        },
      },
    },
  });
  if (minAvailable !== undefined)
    await kube.policy.createNamespacedPodDisruptionBudget({
      namespace,
      body: { metadata: { name }, spec: { minAvailable, selector: { matchLabels } } },
    });
  await until(`${name} is available`, async () => {
    const { status } = await kube.apps.readNamespacedDeployment({ namespace, name });
    return status?.availableReplicas === replicas;
  });
  if (minAvailable !== undefined)
    await until(
      `the budget of ${name} counts its pods`,
      async () => {
        const { status } = await kube.policy.readNamespacedPodDisruptionBudget({ namespace, name });
        return status?.currentHealthy === replicas;
      },
      COUNTED_WITHIN_MS,
    );
}

/** `shop/web-abc`, of those that are not ending, in order. */
export async function podsOn({ core }: TestKubernetes, node: string): Promise<string[]> {
  const { items } = await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${node}` });
  return items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** Whether new pods may be bound to a node, as an administrator says it. */
export async function setOpen({ core }: TestKubernetes, name: string, open: boolean): Promise<void> {
  await core.patchNode({ name, body: [{ op: 'add', path: '/spec/unschedulable', value: !open }] });
}

/** Removes what a test made, so that the next begins on empty nodes. */
export async function clearNamespace(kube: TestKubernetes, namespace: string): Promise<void> {
  const { items } = await kube.apps.listNamespacedDeployment({ namespace });
  for (const { metadata } of items)
    await kube.apps.deleteNamespacedDeployment({ namespace, name: metadata?.name ?? assert.fail() });
  await kube.apps.deleteCollectionNamespacedReplicaSet({ namespace });
  await kube.apps.deleteCollectionNamespacedDaemonSet({ namespace });
  await kube.policy.deleteCollectionNamespacedPodDisruptionBudget({ namespace });
  await kube.core.deleteCollectionNamespacedPod({ namespace, gracePeriodSeconds: 0 });
  await until('the namespace is empty', async () => {
    const { items: pods } = await kube.core.listNamespacedPod({ namespace });
    return pods.length === 0;
  });
}
