import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** One rack: a run of its own, with an undo stack of its own. */
export const emptyRack = runbook<{ readonly rack: string }, { readonly moved: string }, KitActs>(
  async ({ rack }, run) => {
    await run.act(`close ${rack}`, (on) => on.write({ line: `close ${rack}` }), {
      undo: (on) => on.write({ line: `open ${rack}` }),
    });
    return { moved: (await run.act(`move ${rack}`, (on) => on.charge({ name: rack }))).id };
  },
);

/** One rack after the other, each as one step of this run. */
export const emptyRacks = runbook<{ readonly racks: readonly string[] }, readonly string[], KitActs>(
  async ({ racks }, run) => {
    const moved: string[] = [];
    for (const rack of racks) {
      const report = await run.child<typeof emptyRack>('emptyRack', { rack }, { title: rack, timeoutMs: 600_000 });
      moved.push('moved' in report ? report.moved : `${rack}: ${report.outcome}`);
    }
    return moved;
  },
);
