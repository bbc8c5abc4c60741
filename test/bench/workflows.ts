/** A run of three steps that cost nothing by themselves: what is left is the way. */
import type { Look } from '../../activities/look.ts';
import { runbook } from '../../workflows/kit/index.ts';

export interface StepActivities {
  readonly step: Look<(input: { readonly name: string }) => Promise<void>>;
}

export const threeSteps = runbook<{ readonly service: string }, string, StepActivities>(async ({ service }, run) => {
  for (const name of ['first', 'second', 'third']) await run.check(`${name} of ${service}`, (on) => on.step({ name }));
  return 'done';
});
