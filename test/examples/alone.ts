import { fanOut, runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Each name is a part that undoes alone: what fails is taken back, what is done stays done. */
export const upgradeAll = runbook<{ readonly names: readonly string[] }, readonly string[], KitActs>(
  async ({ names }, run) => {
    const parts = await fanOut(names, (name) =>
      run.alone(async () => {
        await run.act(`stop ${name}`, (on) => on.write({ line: `stop ${name}` }), {
          undo: (on) => on.write({ line: `start ${name}` }),
        });
        await run.act(`upgrade ${name}`, (on) => on.charge({ name }));
      }),
    );
    return parts.map((part) => `${part.item}: ${part.ok ? 'upgraded' : part.failure.type}`);
  },
);
