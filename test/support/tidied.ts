/** One procedure twice: as the kit has it, with nothing that it does not need, and as plain Temporal code. Workflow code. */
import { proxyActivities } from '@temporalio/workflow';
import { type Retry, runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from './kit-acts.ts';

interface Input {
  readonly name: string;
}

export const tidiedByKit = runbook<Input, number, KitActs>(async ({ name }, run) => {
  const { lines } = await run.check(`how full is ${name}?`, (on) => on.read({ name }));
  await run.act(`tidy ${name}`, (on) => on.write({ line: `tidy ${name}` }));
  await run.verify(`is ${name} tidy?`, (on) => on.read({ name }), { holds: () => true, attempts: 3, everyMs: 1_000 });
  return lines;
});

export async function tidiedByHand({ name }: Input): Promise<number> {
  const on = (summary: string) =>
    proxyActivities<KitActs>({ taskQueue: 'activities-eu', startToCloseTimeout: 60_000, summary });
  const { lines } = await on(`how full is ${name}?`).read({ name });
  await on(`tidy ${name}`).write({ line: `tidy ${name}` });
  await on(`is ${name} tidy? (1/3)`).read({ name });
  return lines;
}

/** Looks once, tried again as `retry` says. */
export const looksOnce = runbook<Input & { readonly retry?: Retry }, number, KitActs>(async ({ name, retry }, run) => {
  const options = retry === undefined ? {} : { retry };
  const { lines } = await run.check(`how full is ${name}?`, (on) => on.read({ name }), options);
  return lines;
});
