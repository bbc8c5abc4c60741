/**
 * Drain a node: look, close it to new pods, evict its pods as their budgets allow, look again; open it if that does not come to its end. One
 * node of a pool at a time, by limit `drain-per-pool` of the configuration.
 */
import type { KubernetesActivities, NodeObservation } from '../activities/kubernetes.ts';
import type { DrainRules } from '../activities/kubernetes/node-pods.ts';
import { limit, runbook } from './kit/index.ts';

export interface DrainNodeInput extends DrainRules {
  /** Id of a target of kind `kubernetes-node`; anything else is refused by the worker. */
  readonly node: string;
  /** Once it is empty: leave it cordoned for people, or open it as soon as it is ready, for up to an hour. Default `leave`. */
  readonly afterwards?: 'leave' | 'uncordon';
  /** Bound on the eviction, with every wait for a budget; default 5 minutes, at most an hour. */
  readonly withinMs?: number;
}

export interface DrainNodeReport {
  /** `gone`: there is no such node any more, and nothing was done. */
  readonly outcome: 'drained' | 'gone';
  readonly node: string;
  /** What was seen first. */
  readonly seen: string;
  /** Pods that were there to be evicted. */
  readonly pods: readonly string[];
  /** Pods that may still run, because the kubelet of the node does not answer. */
  readonly overdue: readonly string[];
  /** Whether new pods may start there again. */
  readonly open: boolean;
  /** Markdown. */
  readonly report: string;
}

const DRAIN_LIMIT = 'drain-per-pool';
/** Nodes whose target has no label `pool` are one pool. */
const NO_POOL = 'default';
const WITHIN_MS = 300_000;
const MAX_WITHIN_MS = 3_600_000;
/** For the last look and the last requests of the eviction. */
const SLACK_MS = 60_000;

export const drainNode = runbook<DrainNodeInput, DrainNodeReport, KubernetesActivities>(
  async ({ node, afterwards = 'leave', withinMs = WITHIN_MS, unmanaged = 'refuse', emptyDir = 'refuse' }, run) => {
    const rules = { unmanaged, emptyDir };
    const seen = await run.check(`how is node ${node}?`, (on) => on.observeNode({ node, ...rules }), {
      // Which pods are there changes all the time; which node it is, whether it is open, and what forbids to drain it, may not.
      significant: (observed) =>
        observed.kind === 'gone'
          ? observed
          : { uid: observed.uid, cordoned: observed.cordoned, inTheWay: observed.pods.inTheWay },
    });
    if (seen.kind === 'gone') {
      const nothing = { seen: 'there is no such node', pods: [], overdue: [], open: false };
      return { outcome: 'gone', node, ...nothing, report: run.report() };
    }
    if (seen.pods.inTheWay.length > 0)
      run.escalate(`${node} was left as it is: ${seen.pods.inTheWay.join('; ')}. Move these pods, or drain it by hand`);

    const same = { node, uid: seen.uid };
    const bound = Math.min(withinMs, MAX_WITHIN_MS);
    const { overdue } = await run.act(
      `drain ${node}`,
      async (on) => {
        await on.cordonNode(same);
        return on.evictPods({ ...same, ...rules, withinMs: bound });
      },
      {
        undo: (on) => on.uncordonNode(same),
        limits: [limit(DRAIN_LIMIT, seen.pool ?? NO_POOL)],
        attemptMs: bound + SLACK_MS,
        totalMs: 2 * (bound + SLACK_MS),
        heartbeatMs: 30_000,
        assumed: { evicted: seen.pods.evict.length, overdue: [] },
      },
    );
    const empty = await run.verify(`is ${node} empty?`, (on) => on.observeNode({ node, ...rules }), {
      holds: isEmpty,
      attempts: 5,
      everyMs: 2_000,
    });
    if (!empty) run.escalate(`${node} was drained, and there are pods on it again: somebody else starts them there`);
    for (const pod of overdue) run.note(`${pod} may still run: the kubelet of ${node} does not answer`);

    const ended = (open: boolean): DrainNodeReport => ({
      outcome: 'drained',
      node,
      seen: seen.detail,
      pods: seen.pods.evict,
      overdue,
      open,
      report: run.report(),
    });
    if (afterwards === 'leave') return ended(false);
    const ready = await run.verify(`is ${node} ready again?`, (on) => on.observeNode({ node, ...rules }), {
      holds: (observed) => observed.kind === 'node' && observed.ready,
      attempts: 60,
      everyMs: 60_000,
    });
    // A node that stays away is drained all the same; it is no failure that would open it.
    if (!ready) return ended(false);
    const { open } = await run.act(`open ${node} for new pods`, (on) => on.uncordonNode(same), {
      assumed: { open: true },
    });
    return ended(open);
  },
);

const isEmpty = (observed: NodeObservation): boolean =>
  observed.kind === 'gone' ||
  (observed.pods.evict.length === 0 &&
    observed.pods.ending.length === 0 &&
    (!observed.ready || observed.pods.overdue.length === 0));
