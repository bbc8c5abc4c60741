/** The worker is killed at every effect of drainNode; the API server's audit log says what was done. Ten minutes, so run by name. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { DrainNodeReport } from '../../workflows/drain-node.ts';
import { type DrainLab, startDrainLab } from '../support/drain-lab.ts';
import type { Kill } from '../support/drain-worker.ts';
import { kubernetesMissing } from '../support/kubernetes.ts';
import { podsOn } from '../support/kubernetes-workload.ts';

describe('drainNode under kills', { skip: kubernetesMissing() }, () => {
  let lab: DrainLab;
  before(async () => {
    lab = await startDrainLab();
  });
  after(() => lab?.stop());
  afterEach(() => lab.reset());

  const now = (): number => lab.kube.requests().length;

  for (const effect of ['cordonNode', 'evictPods', 'uncordonNode'] as const)
    for (const moment of ['before', 'during', 'after'] as const)
      it(`a worker that is killed ${moment} ${effect} leaves each effect done once`, { timeout: 240_000 }, async () => {
        await lab.fillFirst(2, 1);
        const kill: Kill = { effect, moment, marker: join(lab.kube.dir, `killed-${effect}-${moment}`) };
        const worker = await lab.startWorker(kill);
        const dies = new Promise((resolve) => worker.once('exit', resolve));
        const [from, pods] = [now(), await podsOn(lab.kube, 'web-1')];
        const run = await lab.begin({ node: 'web-1', afterwards: 'uncordon' });
        await dies;
        await lab.startWorker(kill);
        assert.equal(((await run.result()) as DrainNodeReport).open, true);
        const done = lab.effects(from);
        assert.deepEqual(done.toSorted(), ['change web-1', 'change web-1', ...pods.map((pod) => `evict ${pod}`)]);
        assert.deepEqual([done[0], done.at(-1)], ['change web-1', 'change web-1']);
        assert.equal(await lab.isOpen('web-1'), true);
      });
});
