/**
 * Empties a node through the eviction API, so that PodDisruptionBudgets decide when a pod may go. What a budget does not allow now is asked
 * again until the bound; a pod is evicted only as the very one that was listed, never a namesake that was started since.
 */
import { Context } from '@temporalio/activity';
import type { V1Node } from '@kubernetes/client-node';
import { effectsAllowed } from '../effects.ts';
import { permanent } from '../permanent.ts';
import type { Refused } from './answered.ts';
import type { Cluster } from './clusters.ts';
import { assertSame, isCordoned, readNode, readPodsOf, readiness } from './node.ts';
import { type DrainRules, type NodePods, type PodName, nodePods, textOf } from './node-pods.ts';

export interface EvictRequest extends DrainRules {
  readonly uid: string;
  /** Bound on all of it, with every wait for a budget; default 5 minutes. */
  readonly withinMs?: number;
  /** Seconds a pod has to end by itself; default: what the pod says. */
  readonly graceSeconds?: number;
}

export interface Evicted {
  /** Pods whose eviction was accepted by this call. */
  readonly evicted: number;
  /** Pods that a kubelet which does not answer has not ended: they may still run. */
  readonly overdue: readonly string[];
}

const WITHIN_MS = 300_000;
const ROUND_EVERY_MS = 2_000;
const CONCURRENCY = 5;
const MAX_NAMES = 10;

/**
 * Rejects, finally, with `PodsInTheWay` before any eviction, `EvictionBlocked` at the bound with the budgets that did not allow it,
 * `NodeNotCordoned` when somebody opened the node meanwhile.
 */
export async function evictPodsOf(cluster: Cluster, name: string, request: EvictRequest): Promise<Evicted> {
  const context = Context.current();
  const endsAt = Date.now() + (request.withinMs ?? WITHIN_MS);
  let evicted = 0;
  for (;;) {
    const round = await look(cluster, name, request);
    if (round === null) return { evicted, overdue: [] };
    const { pods, ready } = round;
    const blocked: string[] = [];
    for (let at = 0; at < pods.evict.length; at += CONCURRENCY) {
      await effectsAllowed();
      const refusals = await Promise.all(
        pods.evict.slice(at, at + CONCURRENCY).map((pod) => evict(cluster, pod, request)),
      );
      evicted += refusals.filter((refusal) => refusal === null).length;
      blocked.push(...refusals.filter((refusal) => refusal !== null));
      context.heartbeat({ evicted });
    }
    const waiting = [...pods.evict, ...pods.ending, ...(ready ? pods.overdue : [])];
    if (waiting.length === 0) return { evicted, overdue: pods.overdue.map(textOf) };
    if (Date.now() >= endsAt) throw stillThere(name, waiting, blocked);
    context.heartbeat({ evicted });
    await context.sleep(ROUND_EVERY_MS);
  }
}

interface Round {
  readonly pods: NodePods;
  readonly ready: boolean;
}

/** Null when the node is gone, and its pods with it. */
async function look(cluster: Cluster, name: string, request: EvictRequest): Promise<Round | null> {
  const node = await readNode(cluster, name);
  if (node === null) return null;
  assertSame(node, name, request.uid);
  assertCordoned(node, name);
  const pods = nodePods(await readPodsOf(cluster, name), request, Date.now());
  if (pods.inTheWay.length > 0)
    throw permanent(
      'PodsInTheWay',
      `node ${name} is not drained any further: ${shown(pods.inTheWay)}; move them, or say unmanaged or emptyDir: delete`,
    );
  return { pods, ready: readiness(node).ready };
}

function assertCordoned(node: V1Node, name: string): void {
  if (isCordoned(node)) return;
  throw permanent('NodeNotCordoned', `node ${name} was opened for new pods meanwhile; it is not drained any further`);
}

/** Null when it was accepted or the pod is gone; else why not now. */
async function evict(cluster: Cluster, pod: PodName, { graceSeconds }: EvictRequest): Promise<string | null> {
  const { namespace, name, uid } = pod;
  const asked = await cluster.try(`evict pod ${textOf(pod)}`, ({ core }) =>
    core.createNamespacedPodEviction({
      name,
      namespace,
      body: {
        metadata: { name, namespace },
        deleteOptions: {
          preconditions: { uid },
          ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
        },
      },
    }),
  );
  if (asked.kind === 'ok' || asked.status === 404) return null;
  // Its uid is another one: it is a pod that was started since, and is looked at again.
  if (asked.status === 409) return `${textOf(pod)}: ${asked.message}`;
  if (isForNow(asked)) return `${textOf(pod)}: ${whyOf(asked)}`;
  throw asked.error;
}

/** A namespace that is being deleted takes its pods along. Several budgets for one pod are answered with 500. */
const isForNow = ({ status, causes }: Refused): boolean =>
  status === 429 || status >= 500 || causes.some(({ reason }) => reason === 'NamespaceTerminating');

/** `The disruption budget web needs 2 healthy pods and has 2 currently`. */
const whyOf = ({ message, causes }: Refused): string =>
  causes.find(({ reason }) => reason === 'DisruptionBudget')?.message ?? message;

function stillThere(node: string, waiting: readonly PodName[], blocked: readonly string[]): Error {
  if (blocked.length > 0)
    return permanent('EvictionBlocked', `node ${node} is not empty within the bound, not evicted: ${shown(blocked)}`);
  return permanent(
    'PodsStillThere',
    `node ${node} is not empty within the bound, still ending: ${shown(waiting.map(textOf))}`,
  );
}

function shown(lines: readonly string[]): string {
  const more = lines.length - MAX_NAMES;
  return `${lines.slice(0, MAX_NAMES).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
