import { fanOut, runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** The same for each of many; one that fails keeps nobody else from going on. */
export const chargeAll = runbook<{ readonly names: readonly string[] }, readonly string[], KitActs>(
  async ({ names }, run) => {
    const parts = await fanOut(names, (name) => run.act(`charge ${name}`, (on) => on.charge({ name })), {
      parallel: 2,
    });
    const failed = parts.filter(({ ok }) => !ok);
    if (failed.length === parts.length) run.escalate('nobody could be charged');
    return parts.map((part) => (part.ok ? `${part.item}: ${part.value.id}` : `${part.item}: ${part.failure.type}`));
  },
);
