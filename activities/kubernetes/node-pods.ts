/**
 * What becomes of each pod of a node that is drained, decided as `kubectl drain` does: pods of daemon sets and static pods stay, pods that
 * nothing would start anew and pods with data of their own are in the way unless they are given up. Pure.
 */
import type { V1Pod } from '@kubernetes/client-node';

export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface DrainRules {
  /** Pods without a controller, which nothing starts anew elsewhere. Default `refuse`. */
  readonly unmanaged?: 'refuse' | 'delete';
  /** Pods with an emptyDir volume, whose data is lost. Default `refuse`. */
  readonly emptyDir?: 'refuse' | 'delete';
}

export interface NodePods {
  readonly evict: readonly PodName[];
  /** On their way out already. */
  readonly ending: readonly PodName[];
  /** On their way out for longer than they may: only a kubelet that answers, or a human, can end them. */
  readonly overdue: readonly PodName[];
  /** Pods of daemon sets and static pods. */
  readonly stay: readonly PodName[];
  /** `shop/web-1 has no controller`: the node is not drained while there is one. */
  readonly inTheWay: readonly string[];
}

/** Beyond the end of its grace period, for clocks that differ and a kubelet that is slow. */
const OVERDUE_AFTER_MS = 60_000;

export function nodePods(pods: readonly V1Pod[], rules: DrainRules, nowMs: number): NodePods {
  const sorted = { evict: [], ending: [], overdue: [], stay: [], inTheWay: [] } as Mutable;
  for (const pod of pods) {
    const name = nameOf(pod);
    const until = pod.metadata?.deletionTimestamp;
    const why = inTheWay(pod, rules);
    if (stays(pod)) sorted.stay.push(name);
    else if (until !== undefined)
      (nowMs - new Date(until).getTime() > OVERDUE_AFTER_MS ? sorted.overdue : sorted.ending).push(name);
    else if (why !== null) sorted.inTheWay.push(`${textOf(name)} ${why}`);
    else sorted.evict.push(name);
  }
  return sorted;
}

/** `shop/web-1`. */
export const textOf = ({ namespace, name }: PodName): string => `${namespace}/${name}`;

interface Mutable {
  readonly evict: PodName[];
  readonly ending: PodName[];
  readonly overdue: PodName[];
  readonly stay: PodName[];
  readonly inTheWay: string[];
}

const MIRROR = 'kubernetes.io/config.mirror';

function stays(pod: V1Pod): boolean {
  if (pod.metadata?.annotations?.[MIRROR] !== undefined) return true;
  return !isFinished(pod) && controllerOf(pod) === 'DaemonSet';
}

/** A pod that has finished has nothing to lose. */
function inTheWay(pod: V1Pod, { unmanaged = 'refuse', emptyDir = 'refuse' }: DrainRules): string | null {
  if (isFinished(pod)) return null;
  if (unmanaged === 'refuse' && controllerOf(pod) === null) return 'has no controller that would start it anew';
  const volume = pod.spec?.volumes?.find((each) => each.emptyDir !== undefined);
  if (emptyDir === 'refuse' && volume !== undefined) return `would lose its emptyDir volume ${volume.name}`;
  return null;
}

const isFinished = ({ status }: V1Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

const controllerOf = ({ metadata }: V1Pod): string | null =>
  metadata?.ownerReferences?.find(({ controller }) => controller === true)?.kind ?? null;

const nameOf = ({ metadata }: V1Pod): PodName => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
});
