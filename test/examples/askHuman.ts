import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** A failover is for a human to decide; without a decision nothing happens. */
export const failOver = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  const answer = await run.askHuman(`fail ${name} over to the other site?`, {
    choices: ['fail over', 'leave it'],
    timeoutMs: 900_000,
    otherwise: 'leave it',
  });
  if (answer === 'fail over') await run.act('fail over', (on) => on.write({ line: `fail over ${name}` }));
  return answer;
});
