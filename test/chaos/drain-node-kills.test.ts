/** The worker is killed at every effect of drainNode; the API server's audit log says what was done. Minutes, so run by name. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import type { DrainNodeReport } from '../../workflows/drain-node.ts';
import { causeOf } from '../support/failure-of.ts';
import { type DrainLab, startDrainLab } from '../support/drain-lab.ts';
import type { Kill } from '../support/drain-worker.ts';
import { MOMENTS } from '../support/effect-kill-hook.ts';
import { effectsOf } from '../support/effect-kills.ts';
import { loseAttempts } from '../support/lose-attempts.ts';
import { kubernetesMissing } from '../support/kubernetes.ts';
import { podsOn } from '../support/kubernetes-workload.ts';
import { SHIPPED_EFFECTS } from '../support/shipped-effects.ts';

const EFFECTS = SHIPPED_EFFECTS.drainNode;
/** Where the server finds out by itself that the attempt is lost. */
const TIMES_OUT = { effect: 'evictPods', moment: 'during' };

describe('drainNode under kills', { skip: kubernetesMissing() }, () => {
  let lab: DrainLab;
  let kills = 0;
  before(async () => {
    lab = await startDrainLab();
  });
  after(() => lab?.stop());
  afterEach(() => lab.reset());

  const now = (): number => lab.kube.requests().length;
  const drain = (): Promise<WorkflowHandle> => lab.begin({ node: 'web-1', afterwards: 'uncordon' });
  /** No pod may be evicted, so that the run opens the node again. */
  const drainInVain = (): Promise<WorkflowHandle> => lab.begin({ node: 'web-1', withinMs: 1 });

  /** What a run has changed whose worker was killed once, by the API server's own record. */
  const killed = async (
    point: Omit<Kill, 'marker'>,
    begin: () => Promise<WorkflowHandle>,
    judge: (run: WorkflowHandle) => Promise<void>,
  ): Promise<string[]> => {
    kills += 1;
    const kill: Kill = { ...point, marker: join(lab.kube.dir, `killed-${kills}`) };
    const worker = await lab.startWorker(kill);
    const dies = new Promise((resolve) => worker.once('exit', resolve));
    const from = now();
    const run = await begin();
    await dies;
    if (!isDeepStrictEqual(point, TIMES_OUT))
      assert.ok((await loseAttempts(lab.client, run.workflowId)) > 0, 'it was at no activity when it was killed');
    await lab.startWorker(kill);
    await judge(run);
    assert.equal(await lab.isOpen('web-1'), true);
    return lab.effects(from);
  };
  const isDrained = async (run: WorkflowHandle): Promise<void> =>
    assert.equal(((await run.result()) as DrainNodeReport).open, true);
  const isBlocked = async (run: WorkflowHandle): Promise<void> =>
    assert.equal(((await causeOf(run.result())) as { type?: string }).type, 'EvictionBlocked');

  it('calls these effects, in this order', async () => {
    await lab.fillFirst(2, 1);
    await lab.startWorker();
    const run = await drain();
    await isDrained(run);
    assert.deepEqual(await effectsOf(lab, run.workflowId, ['observeNode']), EFFECTS);
  });

  it('opens the node as its undo', async () => {
    await lab.fillFirst(1, 1);
    await lab.startWorker();
    const run = await drainInVain();
    await isBlocked(run);
    assert.deepEqual(await effectsOf(lab, run.workflowId, ['observeNode']), EFFECTS);
  });

  for (const effect of EFFECTS)
    for (const moment of MOMENTS)
      it(`a worker that is killed ${moment} ${effect} leaves each effect done once`, { timeout: 240_000 }, async () => {
        await lab.fillFirst(2, 1);
        const pods = await podsOn(lab.kube, 'web-1');
        const done = await killed({ effect, moment }, drain, isDrained);
        assert.deepEqual([done[0], done.at(-1)], ['change web-1', 'change web-1']);
        assert.deepEqual(done.slice(1, -1).toSorted(), pods.map((pod) => `evict ${pod}`).toSorted());
      });

  for (const moment of MOMENTS)
    it(`a worker that is killed ${moment} its undo leaves the node opened once`, { timeout: 240_000 }, async () => {
      await lab.fillFirst(1, 1);
      const done = await killed({ effect: 'uncordonNode', moment }, drainInVain, isBlocked);
      assert.deepEqual(done, ['change web-1', 'change web-1']);
    });
});
