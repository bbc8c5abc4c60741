import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { effectsOf, killPoints, runKilled } from '../support/effect-kills.ts';
import { type HostsLab, LAB_UNIT, lacksHosts, startHostsLab } from '../support/hosts-lab.ts';

interface Killed {
  readonly runbook: string;
  readonly input: (lab: HostsLab) => object;
  /** Activities of its effects in their order; the first test proves that the run really calls them. */
  readonly effects: readonly string[];
  readonly prepare: (lab: HostsLab) => void;
  /** Each effect once, by the target's own record. */
  readonly judge: (lab: HostsLab, report: unknown) => void;
}

const LOOKS = ['observeService', 'observeDisk'];
const OLD = ['logs/app/1.gz', 'logs/app/deep/1.log'];

const RUNBOOKS: readonly Killed[] = [
  {
    runbook: 'restartService',
    input: () => ({ service: 'checkout' }),
    effects: ['restartUnit'],
    prepare: ({ units }) => units.set(LAB_UNIT, 'failed'),
    judge: ({ units }, report) => {
      const { active, jobs } = units.read(LAB_UNIT);
      assert.equal(active, 'active');
      assert.deepEqual(
        jobs.map(({ verb, from }) => ({ verb, from })),
        [{ verb: 'restart', from: '' }],
      );
      assert.equal((report as { outcome: string }).outcome, 'restarted');
    },
  },
  {
    runbook: 'clearDisk',
    input: ({ disk }) => ({ host: 'web-1', path: disk.path }),
    effects: ['clearByRule', 'clearByRule'],
    prepare: (lab) => {
      lab.fillDisk();
      // So much that both rules are needed.
      lab.disk.write('data', 1_500, 0);
    },
    judge: (lab, report) => {
      const isThere = (name: string): boolean => existsSync(join(lab.disk.path, name));
      assert.deepEqual([...OLD, 'logs/app/young.log', 'data'].map(isThere), [false, false, true, true]);
      assert.equal(new Set(lab.prunes()).size, 2, 'one key for each step, however often it was tried');
      const { outcome, applied } = report as { outcome: string; applied: readonly string[] };
      assert.deepEqual([outcome, applied], ['cleared', ['old-archives', 'old-logs']]);
    },
  },
];

describe('a worker that is killed at an effect', { skip: lacksHosts }, () => {
  let lab: HostsLab;
  before(async () => {
    lab = await startHostsLab();
  });
  after(() => lab?.stop());

  for (const { runbook, input, effects, prepare, judge } of RUNBOOKS)
    describe(runbook, () => {
      it('calls these effects, in this order', async () => {
        prepare(lab);
        const worker = await lab.tocsin.startReady('worker');
        const id = await lab.begin(runbook, input(lab));
        judge(lab, await lab.tocsin.client.workflow.getHandle(id).result());
        await worker.kill();
        assert.deepEqual(await effectsOf(lab.tocsin, id, LOOKS), effects);
      });

      for (const point of killPoints(effects))
        it(`${point.moment} ${point.activity} ${point.occurrence}: the effect is there once`, async () => {
          prepare(lab);
          const report = await runKilled({
            tocsin: lab.tocsin,
            point,
            begun: lab.units.begun,
            hold: lab.units.hold,
            begin: () => lab.begin(runbook, input(lab)),
          });
          judge(lab, report);
        });
    });
});
