/** One node: how it is, and closing it to new pods. A cordon carries the name of the run that made it, and only that run takes it back. */
import type { V1Node, V1Pod } from '@kubernetes/client-node';
import { permanent } from '../permanent.ts';
import type { Cluster } from './clusters.ts';

/** Annotation of a node: workflow id of the run that cordoned it. */
export const CORDONED_BY = 'tocsin/cordoned-by';
/** Annotation that is only written together with what was read: somebody else may change a node at any moment. */
const MAX_CONFLICTS = 5;
const PAGE = 250;
/** A node has 110 pods by default, and hardly ever more than 500. */
const MAX_PAGES = 40;

/** Null when there is no such node. */
export async function readNode(cluster: Cluster, name: string): Promise<V1Node | null> {
  const asked = await cluster.try(`read node ${name}`, ({ core }) => core.readNode({ name }));
  if (asked.kind === 'ok') return asked.value;
  if (asked.status === 404) return null;
  throw asked.error;
}

export async function readPodsOf(cluster: Cluster, node: string): Promise<V1Pod[]> {
  const pods: V1Pod[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = await cluster.ask(`list the pods of node ${node}`, ({ core }) =>
      core.listPodForAllNamespaces({
        fieldSelector: `spec.nodeName=${node}`,
        limit: PAGE,
        ...(next === undefined ? {} : { _continue: next }),
      }),
    );
    pods.push(...list.items);
    next = list.metadata?._continue;
    if (next === undefined || next === '') return pods;
  }
  throw permanent('TooManyPods', `node ${node} has more than ${PAGE * MAX_PAGES} pods; nothing was done to it`);
}

/** `Ready is Unknown: Kubelet stopped posting node status.` */
export function readiness(node: V1Node): { readonly ready: boolean; readonly detail: string } {
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition === undefined) return { ready: false, detail: 'Ready was never reported' };
  const { status, message = '' } = condition;
  return { ready: status === 'True', detail: `Ready is ${status}${message === '' ? '' : `: ${message}`}` };
}

export const isCordoned = (node: V1Node): boolean => node.spec?.unschedulable === true;

export const cordonedBy = (node: V1Node): string | null => node.metadata?.annotations?.[CORDONED_BY] ?? null;

/** False when it is cordoned by somebody else already, which is left as it is. Rejects with `NodeReplaced` (final) when it is another node. */
export const cordon = (cluster: Cluster, name: string, uid: string, run: string): Promise<boolean> =>
  compareAndSet(cluster, name, (node) => {
    if (node === null) throw permanent('KubernetesNotFound', `node ${name} is gone from cluster ${cluster.name}`);
    assertSame(node, name, uid);
    if (isCordoned(node)) return cordonedBy(node) === run;
    return { unschedulable: true, annotation: run };
  });

/** Whether it is open to new pods: a cordon of somebody else stays, and one that is taken back already stays so. */
export const uncordon = (cluster: Cluster, name: string, uid: string, run: string): Promise<boolean> =>
  compareAndSet(cluster, name, (node) => {
    if (node === null || node.metadata?.uid !== uid) return false;
    if (!isCordoned(node)) return true;
    if (cordonedBy(node) !== run) return false;
    return { unschedulable: null, annotation: null };
  });

export function assertSame(node: V1Node, name: string, uid: string): void {
  if (node.metadata?.uid === uid) return;
  throw permanent(
    'NodeReplaced',
    `node ${name} is another one by now: ${node.metadata?.uid ?? 'none'}, observed was ${uid}; it is left alone`,
  );
}

interface Change {
  readonly unschedulable: true | null;
  readonly annotation: string | null;
}

/** Writes only over what it has read; a boolean is the answer when there is nothing to write. */
async function compareAndSet(
  cluster: Cluster,
  name: string,
  decide: (node: V1Node | null) => boolean | Change,
): Promise<boolean> {
  for (let conflicts = 1; ; conflicts += 1) {
    const node = await readNode(cluster, name);
    const change = decide(node);
    if (typeof change === 'boolean') return change;
    const asked = await cluster.try(`change node ${name}`, ({ core }) =>
      core.patchNode({
        name,
        body: {
          metadata: {
            uid: node?.metadata?.uid,
            resourceVersion: node?.metadata?.resourceVersion,
            annotations: { [CORDONED_BY]: change.annotation },
          },
          spec: { unschedulable: change.unschedulable },
        },
      }),
    );
    if (asked.kind === 'ok') return true;
    if (asked.status !== 409 || conflicts >= MAX_CONFLICTS) throw asked.error;
  }
}
