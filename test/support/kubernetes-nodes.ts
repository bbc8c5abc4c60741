/**
 * Stands in for the scheduler and the kubelets of a test cluster: binds waiting pods to an open node, says that they are ready, and ends
 * them when they are asked to. A silent node does nothing of this any more, like one that lost its network.
 */
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { ApiException } from '@kubernetes/client-node';

export interface NodeStandIn {
  add(name: string): Promise<{ readonly uid: string }>;
  /** Its kubelet does not answer any more: Ready becomes Unknown, and pods on it do not end. */
  silence(name: string): Promise<void>;
  /** The opposite. */
  revive(name: string): Promise<void>;
  /** Ready or not, with a kubelet that does its work all the same. */
  report(name: string, ready: boolean): Promise<unknown>;
  stop(): Promise<void>;
}

const EVERY_MS = 100;

export function startNodes(core: CoreV1Api): NodeStandIn {
  const silent = new Set<string>();
  let ended = false;
  let wake: () => void = () => undefined;
  const work = (async () => {
    while (!ended) {
      await tend(core, silent).catch(ignoreRaces);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, EVERY_MS);
      });
    }
  })();
  const say = (name: string, status: 'True' | 'False' | 'Unknown', message: string): Promise<unknown> =>
    core.patchNodeStatus({
      name,
      body: [
        {
          op: 'add',
          path: '/status/conditions',
          value: [{ type: 'Ready', status, message, reason: 'StandIn', lastTransitionTime: new Date() }],
        },
      ],
    });
  return {
    add: async (name) => {
      const node = await core.createNode({ body: { metadata: { name, labels: { 'kubernetes.io/hostname': name } } } });
      await say(name, 'True', 'kubelet is posting ready status');
      return { uid: node.metadata?.uid ?? '' };
    },
    silence: async (name) => {
      silent.add(name);
      await say(name, 'Unknown', 'Kubelet stopped posting node status.');
    },
    revive: async (name) => {
      silent.delete(name);
      await say(name, 'True', 'kubelet is posting ready status');
    },
    report: (name, ready) =>
      ready ? say(name, 'True', 'kubelet is posting ready status') : say(name, 'False', 'the disk is full'),
    stop: async () => {
      ended = true;
      wake();
      await work;
    },
  };
}

async function tend(core: CoreV1Api, silent: ReadonlySet<string>): Promise<void> {
  const { items } = await core.listPodForAllNamespaces();
  for (const pod of items) await tendPod(core, pod, silent).catch(ignoreRaces);
}

async function tendPod(core: CoreV1Api, { metadata, spec, status }: V1Pod, silent: ReadonlySet<string>): Promise<void> {
  const [name, namespace] = [metadata?.name ?? '', metadata?.namespace ?? ''];
  if (spec?.nodeName === undefined) {
    const { items } = await core.listNode();
    const open = items.find((node) => node.spec?.unschedulable !== true && !silent.has(node.metadata?.name ?? ''));
    if (open === undefined) return;
    const target = { kind: 'Node', name: open.metadata?.name ?? '' };
    await core.createNamespacedPodBinding({ name, namespace, body: { metadata: { name, namespace }, target } });
  } else if (silent.has(spec.nodeName)) return;
  else if (metadata?.deletionTimestamp !== undefined)
    await core.deleteNamespacedPod({
      name,
      namespace,
      body: { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid ?? '' } },
    });
  else if (status?.phase === 'Pending')
    await core.patchNamespacedPodStatus({
      name,
      namespace,
      body: [
        { op: 'add', path: '/status/phase', value: 'Running' },
        { op: 'add', path: '/status/conditions', value: [{ type: 'Ready', status: 'True' }] },
      ],
    });
}

/** Somebody else changed or deleted it meanwhile; the next round sees how it is. */
function ignoreRaces(error: unknown): void {
  if (error instanceof ApiException && [404, 409].includes(error.code)) return;
  // The server may be ending before its stand-ins.
  if (error instanceof Error && 'errno' in error) return;
  throw error;
}
