import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import type { DrainNodeReport } from '../../workflows/drain-node.ts';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type DrainLab, NS, startDrainLab, untilDetails } from '../support/drain-lab.ts';
import { kubernetesMissing } from '../support/kubernetes.ts';
import { deploy, podsOn, setOpen } from '../support/kubernetes-workload.ts';
import { until } from '../support/until.ts';

const RESOLVED = { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 };

describe('runbook drainNode', { skip: kubernetesMissing() }, () => {
  let lab: DrainLab;
  before(async () => {
    lab = await startDrainLab();
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
});
