import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Tries its step again for a few seconds only, and tells what it did. */
export const tidyUp = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  await run.check('how full is it?', (on) => on.read({ name }), { retry: 'quick' });
  await run.act(`tidy ${name} up`, (on) => on.write({ line: `tidy ${name}` }), { retry: 'quick' });
  run.note('nothing else was full');
  return run.report();
});
