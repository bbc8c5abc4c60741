import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { type OpenQuestion, openQuestion } from '../../workers/open-question.ts';
import type { DrainNodeReport } from '../../workflows/drain-node.ts';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from '../support/approvals.ts';
import { type DrainLab, NS, startDrainLab, untilDetails } from '../support/drain-lab.ts';
import { kubernetesMissing } from '../support/kubernetes.ts';
import { deploy, podsOn, setOpen } from '../support/kubernetes-workload.ts';
import { plannedStarts } from '../support/planned-starts.ts';
import { until } from '../support/until.ts';

const { ann } = makeKeys();
assert.ok(ann !== undefined);
const RESOLVED = { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 };

describe('runbook drainNode', { skip: kubernetesMissing() }, () => {
  let lab: DrainLab;
  before(async () => {
    lab = await startDrainLab({ keys: [ann.entry] });
  });
  after(() => lab?.stop());
  afterEach(() => lab.reset());

  const now = (): number => lab.kube.requests().length;
  const failureOf = async (result: Promise<unknown>): Promise<string> => {
    const error = await result.then(
      () => assert.fail('it did not fail'),
      (each: unknown) => each,
    );
    assert.ok(error instanceof WorkflowFailedError);
    let text = '';
    for (let each: unknown = error; each instanceof Error; each = each.cause) text += `${each.message}; `;
    return text;
  };

  it('a node is closed, emptied as its budget allows, and left for people', async () => {
    await lab.fillFirst(2, 1);
    await lab.startWorker();
    const [from, pods] = [now(), await podsOn(lab.kube, 'web-1')];
    const { report: story, ...report } = (await (await lab.begin({ node: 'web-1' })).result()) as DrainNodeReport;
    assert.match(story, /## Done\n\n- drain web-1$/);
    assert.deepEqual(report, {
      outcome: 'drained',
      node: 'web-1',
      seen: 'Ready is True: kubelet is posting ready status',
      pods,
      overdue: [],
      open: false,
    });
    assert.deepEqual(lab.effects(from).toSorted(), ['change web-1', ...pods.map((pod) => `evict ${pod}`)]);
    assert.equal(await lab.isOpen('web-1'), false);
    await until('all run elsewhere', async () => (await podsOn(lab.kube, 'web-2')).length === 2);
  });

  it('with `uncordon` a node that is ready is opened again', async () => {
    await lab.fillFirst(1);
    await lab.startWorker();
    const report = (await (await lab.begin({ node: 'web-1', afterwards: 'uncordon' })).result()) as DrainNodeReport;
    assert.deepEqual([report.outcome, report.open, await lab.isOpen('web-1')], ['drained', true, true]);
  });

  it('two nodes of a pool are drained one after the other', async () => {
    await deploy(lab.kube, { namespace: NS, name: 'shop', replicas: 2, minAvailable: 2 });
    await lab.startWorker();
    // The first holds its turn, because the budget allows nothing.
    const first = await lab.begin({ node: 'web-1', withinMs: 60_000 });
    await until('it is closed', async () => !(await lab.isOpen('web-1')));
    const second = await lab.begin({ node: 'web-2', afterwards: 'uncordon' });
    await untilDetails(second, 'waits for limit drain-per-pool (pool=web)');
    assert.equal(await lab.isOpen('web-2'), true, 'it is not even closed');
    await lab.kube.policy.deleteNamespacedPodDisruptionBudget({ namespace: NS, name: 'shop' });
    assert.equal(((await first.result()) as DrainNodeReport).outcome, 'drained');
    await setOpen(lab.kube, 'web-1', true);
    assert.equal(((await second.result()) as DrainNodeReport).outcome, 'drained');
  });

  it('a budget that allows nothing ends the run, which names it and opens the node', async () => {
    await deploy(lab.kube, { namespace: NS, name: 'shop', replicas: 1, minAvailable: 1 });
    await lab.startWorker();
    const text = await failureOf((await lab.begin({ node: 'web-1', withinMs: 1 })).result());
    assert.match(text, /disruption budget shop needs 1 healthy pods and has 1/);
    assert.equal(await lab.isOpen('web-1'), true);
    assert.equal((await podsOn(lab.kube, 'web-1')).length, 1);
  });

  it('pods in the way end the run before anything is done', async () => {
    await deploy(lab.kube, {
      namespace: NS,
      name: 'shop',
      replicas: 1,
      spec: { volumes: [{ name: 'cache', emptyDir: {} }] },
    });
    await lab.startWorker();
    const from = now();
    const text = await failureOf((await lab.begin({ node: 'web-1' })).result());
    assert.match(text, /web-1 was left as it is: shop\/shop-\S+ would lose its emptyDir volume cache/);
    assert.deepEqual(lab.effects(from), []);
  });

  it('an alert that is resolved meanwhile opens the node again', async () => {
    await lab.fillFirst(1);
    await lab.startWorker();
    await lab.kube.nodes.report('web-1', false);
    const run = await lab.begin({ node: 'web-1', afterwards: 'uncordon' });
    await until(
      'it is empty',
      async () => !(await lab.isOpen('web-1')) && (await podsOn(lab.kube, 'web-1')).length === 0,
    );
    await run.signal(RESOLVED_SIGNAL, RESOLVED);
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: ['drain web-1'] });
    assert.equal(await lab.isOpen('web-1'), true);
  });

  it('a node that is gone needs nothing', async () => {
    await lab.startWorker();
    assert.equal(((await (await lab.begin({ node: 'lost' })).result()) as DrainNodeReport).outcome, 'gone');
  });

  describe('by its trigger', () => {
    /** A run that was started for the alert of a node that is not ready, and what it asks before it does anything. */
    const alerted = async (fingerprint: string): Promise<{ run: WorkflowHandle; question: OpenQuestion }> => {
      await lab.kube.nodes.report('web-1', false);
      const starts = await plannedStarts(notReady('web-1', fingerprint), 'eu');
      assert.deepEqual(
        starts.map(({ workflowType, input, context: { trigger, mode } }) => ({ workflowType, input, trigger, mode })),
        [
          {
            workflowType: 'drainNode',
            input: { node: 'web-1', afterwards: 'uncordon' },
            trigger: 'drain-node',
            mode: 'approve',
          },
        ],
      );
      const [start] = starts;
      assert.ok(start !== undefined);
      const run = await lab.start(start);
      const question = await until('it asks', () => openQuestion(lab.client, run.workflowId));
      assert.deepEqual(
        question.asked.plan.actions.map(({ title }) => title),
        ['drain web-1', 'open web-1 for new pods'],
      );
      return { run, question };
    };

    it('a node that is not ready is drained once it is approved, and opened when it is ready', async () => {
      await lab.fillFirst(2, 1);
      await lab.startWorker();
      const [from, pods] = [now(), await podsOn(lab.kube, 'web-1')];
      const { run, question } = await alerted('00000000000000a1');
      assert.deepEqual([lab.effects(from), await lab.isOpen('web-1')], [[], true], 'nothing before somebody says yes');
      await send(lab.client, run.workflowId, 'approve', [answerTo(question, ann, 'approve')]);
      await until('it is closed', async () => !(await lab.isOpen('web-1')));
      await lab.kube.nodes.report('web-1', true);
      const report = (await run.result()) as DrainNodeReport;
      assert.deepEqual([report.outcome, report.pods, report.open], ['drained', pods, true]);
      assert.match(report.report, /Ann/);
      const done = lab.effects(from);
      assert.deepEqual([done[0], done.at(-1)], ['change web-1', 'change web-1']);
      assert.deepEqual(done.slice(1, -1).toSorted(), pods.map((pod) => `evict ${pod}`).toSorted());
      assert.equal(await lab.isOpen('web-1'), true);
    });

    it('a node whose draining is denied is left as it is', async () => {
      await lab.fillFirst(1);
      await lab.startWorker();
      const [from, pods] = [now(), await podsOn(lab.kube, 'web-1')];
      const { run, question } = await alerted('00000000000000a2');
      await send(lab.client, run.workflowId, 'deny', [answerTo(question, ann, 'deny', { reason: 'it comes back' })]);
      assert.deepEqual(await run.result(), { outcome: 'denied', by: 'Ann', reason: 'it comes back', left: [] });
      assert.deepEqual(lab.effects(from), []);
      assert.deepEqual([await lab.isOpen('web-1'), await podsOn(lab.kube, 'web-1')], [true, pods]);
    });
  });
});

/** As an Alertmanager sends it, by the kubernetes-mixin rule and kube-state-metrics. */
const notReady = (node: string, fingerprint: string) => ({
  version: '4',
  groupKey: '{}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'tocsin',
  alerts: [
    {
      status: 'firing',
      labels: {
        alertname: 'KubeNodeNotReady',
        condition: 'Ready',
        status: 'true',
        node,
        job: 'kube-state-metrics',
        severity: 'warning',
      },
      annotations: { summary: 'Node is not ready.' },
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example/graph',
      fingerprint,
    },
  ],
});
