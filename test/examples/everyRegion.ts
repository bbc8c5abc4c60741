import { everyRegion, runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** The same in all regions at once; one that is dead keeps no other from it. */
export const warmEverywhere = runbook<{ readonly name: string }, readonly string[], KitActs>(async ({ name }, run) => {
  const parts = await everyRegion(run, (there, region) =>
    there.act(`warm ${name} up in ${region}`, (on) => on.charge({ name }), { totalMs: 5_000 }),
  );
  return parts.map((part) => `${part.item}: ${part.ok ? 'warm' : part.failure.type}`);
});
