import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

const HALF_AN_HOUR_MS = 1_800_000;

/** Looks at any time, and acts at night, where the run acts. */
export const patchAtNight = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  await run.check(`is there a patch for ${name}?`, (on) => on.read({ name }));
  await run.inWindow('nights', { needMs: HALF_AN_HOUR_MS, onCutoff: 'carryOver', jitterMs: 0 }, async () => {
    await run.act(`patch ${name}`, (on) => on.write({ line: `patch ${name}` }), {
      undo: (on) => on.write({ line: `unpatch ${name}` }),
    });
    await run.act(`restart ${name}`, (on) => on.write({ line: `restart ${name}` }));
  });
  return 'patched';
});
