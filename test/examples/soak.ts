import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

const TEN_MINUTES_MS = 600_000;

/** Changes something, gives it time to go wrong, and looks again. */
export const canary = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  await run.act(`update ${name}`, (on) => on.write({ line: `update ${name}` }), {
    undo: (on) => on.write({ line: `put ${name} back` }),
  });
  await run.soak(`let ${name} work for ten minutes`, TEN_MINUTES_MS);
  const { lines } = await run.check(`is ${name} still well?`, (on) => on.read({ name }));
  return lines > 0 ? 'stays' : run.escalate(`${name} did not last: look at its log`);
});
