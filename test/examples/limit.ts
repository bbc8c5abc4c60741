import { limit, runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** One at a time of each service, and of each rack, which the run knows nothing about. */
export const reboot = runbook<{ readonly name: string; readonly rack: string }, string, KitActs>(
  async ({ name, rack }, run) => {
    await run.act(`reboot ${name}`, (on) => on.hold({ line: `reboot ${name}` }), {
      limits: ['per-service', limit('per-rack', rack)],
    });
    return 'rebooted';
  },
);
