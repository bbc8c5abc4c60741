import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Two regions, one run: the other one receives before this one sends. */
export const moveTo = runbook<{ readonly name: string; readonly region: string }, string, KitActs>(
  async ({ name, region }, run) => {
    const there = run.onRegion(region);
    await there.act(`make room for ${name} in ${region}`, (on) => on.write({ line: `make room for ${name}` }), {
      undo: (on) => on.write({ line: `give up the room of ${name}` }),
    });
    await run.act(`send ${name}`, (on) => on.charge({ name }));
    return `${name} moved from ${run.context.region} to ${region}`;
  },
);
