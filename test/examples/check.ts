import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Looks first, and does nothing when there is nothing to do. */
export const archive = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  const seen = await run.check(`is there anything of ${name}?`, (on) => on.read({ name }), {
    // How much there is may change until somebody approves; that there is something may not.
    significant: ({ lines }) => ({ empty: lines === 0 }),
  });
  if (seen.lines === 0) return 'nothing to do';
  await run.act(`archive ${name}`, (on) => on.write({ line: `archive ${name}` }));
  return 'archived';
});
