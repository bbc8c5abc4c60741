import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Acts, and looks until it has helped. */
export const warmUp = runbook<{ readonly name: string; readonly wanted: number }, string, KitActs>(
  async ({ name, wanted }, run) => {
    await run.act(`warm ${name} up`, (on) => on.write({ line: `warm ${name}` }));
    const warm = await run.verify(`is ${name} warm?`, (on) => on.read({ name }), {
      holds: ({ lines }) => lines >= wanted,
      attempts: 3,
      everyMs: 10,
    });
    return warm ? 'warm' : 'still cold';
  },
);
