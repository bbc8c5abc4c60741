/**
 * What can go wrong with a cluster while drainNode works on it, and with those who are asked: each time the run ends well before its bound, and its
 * post-mortem names the step, what was done, what was undone, and what is left to do for a human. A real kube-apiserver. Minutes, so run by name.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { makeKeys } from '../support/approvals.ts';
import { type DrainLab, startDrainLab } from '../support/drain-lab.ts';
import { type FaultEnd, ended, judgeFault, untilCalled } from '../support/faulty-run.ts';
import { type TestKubernetes, kubernetesMissing } from '../support/kubernetes.ts';
import { approveTooLate } from '../support/late-approval.ts';
import { until } from '../support/until.ts';

interface Fault extends FaultEnd {
  readonly name: string;
  readonly context?: Partial<RunContext>;
  /** Of its pods that are available elsewhere, as its budget wants: 2 of 2 let none go. */
  readonly minAvailable?: number;
  readonly withinMs?: number;
  /** Before the run begins; else once the node is closed and its pods wait for their budget. */
  readonly before?: true;
  /** Returns what takes it back. */
  readonly strike: (kube: TestKubernetes) => Promise<() => Promise<void> | void>;
  /** `takeBack`: before the run has ended. */
  readonly meanwhile?: (lab: DrainLab, run: WorkflowHandle, takeBack: () => Promise<void> | void) => Promise<void>;
  /** What the API server has accepted. */
  readonly effects: readonly RegExp[];
  readonly open: boolean;
}

const { ann } = makeKeys();
assert.ok(ann !== undefined);
const DRAIN = 'drain web-1';
const CHANGED = /^change web-1$/;
/** The API server is away, or does not let Tocsin in, for the undo too. */
const LEFT = {
  ends: 'failed',
  human: /"drain web-1" was done and is not undone: undo it by hand, or leave it/,
  done: [DRAIN],
  undone: [],
  effects: [CHANGED],
  open: false,
} as const;
const UNDONE = { ends: 'failed', done: [DRAIN], undone: [DRAIN], open: true } as const;
const NOTHING = { ends: 'failed', done: [], undone: [], effects: [], open: true } as const;

const gone = async ({ api }: TestKubernetes): Promise<() => Promise<void>> => {
  await api.kill();
  return () => api.start();
};

const FAULTS: readonly Fault[] = [
  {
    name: 'connection refused from the start',
    before: true,
    strike: gone,
    failed: /^how is node web-1\?: cannot read node web-1 in cluster test.* ECONNREFUSED/,
    human: /find out why "how is node web-1\?" failed/,
    ...NOTHING,
  },
  {
    name: 'target gone while it evicts',
    strike: gone,
    failed: /^drain web-1: cannot read node web-1 in cluster test.* ECONNREFUSED/,
    ...LEFT,
  },
  {
    name: 'wrong token while it evicts',
    strike: async ({ api }) => {
      await api.kill();
      await api.start('without tocsin');
      return async () => {
        await api.kill();
        await api.start();
      };
    },
    failed: /^drain web-1: cannot .* in cluster test: the credentials of the kubeconfig are refused; .* answered 401/,
    ...LEFT,
  },
  {
    name: 'right taken away while it evicts',
    strike: async (kube) => {
      await kube.allow(false);
      return () => kube.allow(true);
    },
    failed:
      /^drain web-1: cannot .* in cluster test: the role of Tocsin has to allow it \(docs\/kubernetes\.md\): the API server answered 403/,
    ...LEFT,
  },
  {
    name: 'hung command: the API server takes requests and says nothing, until the run undoes',
    strike: async ({ api }) => {
      api.signal('SIGSTOP');
      return () => api.signal('SIGCONT');
    },
    meanwhile: async ({ client }, { workflowId }, takeBack) => {
      await until(
        'its step has failed',
        async () => {
          const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
          return events?.some(
            (event) => event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes,
          );
        },
        200_000,
      );
      await takeBack();
    },
    failed:
      /^drain web-1: cannot .* in cluster test, which is tried again: no answer within the time-out of the cluster/,
    human: /find out why "drain web-1" failed, and how its target is now/,
    effects: [CHANGED, CHANGED],
    ...UNDONE,
  },
  {
    name: 'half-finished effect: one pod of two goes, and the budget keeps the other',
    before: true,
    minAvailable: 1,
    withinMs: 1,
    strike: async ({ core }) => {
      // What is started anew has no place, so that one is all there is.
      await core.patchNode({ name: 'web-2', body: [{ op: 'add', path: '/spec/unschedulable', value: true }] });
      return () => undefined;
    },
    failed:
      /^drain web-1: node web-1 is not empty within the bound, not evicted: shop\/shop-\S+: The disruption budget shop needs 1/,
    human: /find out why "drain web-1" failed, and how its target is now/,
    effects: [CHANGED, /^evict shop\/shop-/, CHANGED],
    ...UNDONE,
  },
  {
    name: 'approval after expiry',
    before: true,
    context: { mode: 'approve' },
    strike: async () => () => undefined,
    meanwhile: ({ client }, { workflowId }) => approveTooLate(client, workflowId, ann),
    human: /nobody approved plan [0-9a-f]{12} in time; nothing further was done/,
    ...NOTHING,
  },
];

describe('faults of drainNode', { skip: kubernetesMissing() }, () => {
  let lab: DrainLab;
  before(async () => {
    lab = await startDrainLab({ keys: [ann.entry], expiryMs: 3_000 });
  });
  after(() => lab?.stop());
  afterEach(() => lab.reset());

  const struck = async (fault: Fault): Promise<string> => {
    const { context = {}, withinMs = 300_000, before: early, strike, meanwhile } = fault;
    let takeBack = early === true ? await strike(lab.kube) : null;
    const run = await lab.begin({ node: 'web-1', withinMs }, context);
    try {
      if (takeBack === null) {
        await untilCalled(lab.client, run.workflowId, 'cordonNode');
        takeBack = await strike(lab.kube);
      }
      const once = takeBack;
      await meanwhile?.(lab, run, async () => {
        takeBack = null;
        await once();
      });
      await ended(lab.client, run.workflowId);
    } finally {
      await takeBack?.();
    }
    return run.workflowId;
  };

  for (const fault of FAULTS)
    it(`${fault.name}: the run is ${fault.ends}, and says what was done, undone, and is left to do`, async () => {
      await lab.fillFirst(2, fault.minAvailable ?? 2);
      await lab.startWorker();
      const from = lab.kube.requests().length;
      const id = await struck(fault);
      await judgeFault(lab, id, fault);
      const effects = lab.effects(from);
      assert.equal(effects.length, fault.effects.length, effects.join(', '));
      for (const [index, effect] of fault.effects.entries()) assert.match(effects[index] ?? '', effect);
      assert.equal(await lab.isOpen('web-1'), fault.open);
    });
});
