import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Gives up where only a human can go on; what it did is undone first. */
export const moveAway = runbook<{ readonly name: string }, never, KitActs>(async ({ name }, run) => {
  await run.act(`stop ${name}`, (on) => on.write({ line: `stop ${name}` }), {
    undo: (on) => on.write({ line: `start ${name}` }),
  });
  return run.escalate(`${name} has nowhere to go: free some room, then run this again`);
});
