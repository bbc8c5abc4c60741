import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KillBlockersReport } from '../../workflows/kill-blockers.ts';
import { type DatabaseLab, startDatabaseLab } from '../support/database-lab.ts';
import { effectsOf, killPoints, runKilled } from '../support/effect-kills.ts';
import { type Chain, lockChain } from '../support/lock-chain.ts';
import { lacksPostgres } from '../support/postgres.ts';
import { SHIPPED_EFFECTS } from '../support/shipped-effects.ts';

const INPUT = { database: 'shop', minWaitMs: 0 };
const EFFECTS: readonly string[] = SHIPPED_EFFECTS.killBlockers;
/** What the server itself writes when it obeys. */
const OBEYED = [/canceling statement due to user request/g, /terminating connection due to administrator command/g];

describe('a worker that is killed while killBlockers ends a session', { skip: lacksPostgres }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-blockers-'));
  const [begun, hold] = [join(dir, 'begun'), join(dir, 'hold')];
  let lab: DatabaseLab;
  let told = 0;
  before(async () => {
    lab = await startDatabaseLab({ hold });
  });
  after(async () => {
    await lab?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Cancelling its statement does not release the row, so that it is terminated too. */
  const prepare = async (row: number): Promise<Chain> => {
    const chain = await lockChain(lab.postgres, { row, running: true, stubborn: true });
    told = lab.postgres.log().length;
    return chain;
  };
  const judge = async (chain: Chain, { chains }: KillBlockersReport, became = 'terminated'): Promise<void> => {
    assert.deepEqual(
      chains.map((each) => each.became),
      [became],
    );
    assert.deepEqual(await Promise.all(chain.waiters), ['updated']);
    assert.equal(await chain.alive(), false);
    const log = lab.postgres.log().slice(told);
    assert.deepEqual(
      OBEYED.map((line) => log.match(line)?.length),
      [1, 1],
    );
  };

  it('calls these effects, in this order', async () => {
    const chain = await prepare(1);
    const worker = await lab.tocsin.startReady('worker');
    const run = await lab.begin(INPUT);
    await judge(chain, (await run.result()) as KillBlockersReport);
    await worker.kill();
    assert.deepEqual(await effectsOf(lab.tocsin, run.workflowId, ['observeLocks']), EFFECTS);
  });

  for (const [index, point] of killPoints(EFFECTS).entries())
    it(`${point.moment} ${point.activity}: the server obeys once`, async () => {
      const chain = await prepare(index + 2);
      // A database writes no file for a test, but a line of its log.
      const obeys = OBEYED[EFFECTS.indexOf(point.activity)];
      const watch = setInterval(() => {
        if (obeys !== undefined && lab.postgres.log().slice(told).match(obeys)) writeFileSync(begun, '');
      }, 5);
      try {
        const report = await runKilled({
          tocsin: lab.tocsin,
          point,
          begun,
          hold,
          timesOut: index === 1,
          begin: async () => (await lab.begin(INPUT)).workflowId,
        });
        // The attempt that comes after the killed one finds no such session any more.
        const isGone = point.activity === 'terminateBackend' && point.moment !== 'before';
        await judge(chain, report as KillBlockersReport, isGone ? 'gone' : 'terminated');
        assert.equal(
          /has ended, perhaps by an attempt before this one/.test((report as KillBlockersReport).report),
          isGone,
        );
      } finally {
        clearInterval(watch);
      }
    });
});
