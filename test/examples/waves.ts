import { type Rollout, type RolloutReport, rollOut, rollWave, runbook } from '../../workflows/kit/index.ts';
import type { WaveInput, WaveReport } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Two canaries, half of the rest of the fleet, the other half; more than one failure in all stops it. */
export const tidyRollout: Rollout = {
  runbook: 'tidyWave',
  targets: { tier: 'web' },
  window: 'nights',
  needMs: 600_000,
  canary: 2,
  waves: { by: 'share', percent: [50, 100] },
  parallel: 5,
  soakMs: 1_000,
  errorBudget: { rollout: 1 },
};

export const tidyFleet = runbook<object, RolloutReport, object>((_input, run) => rollOut(run, tidyRollout));

export const tidyWave = runbook<WaveInput, WaveReport, KitActs>((wave, run) =>
  rollWave(run, wave, {
    treat: (there, { name }) =>
      there.act(`tidy ${name}`, (on) => on.write({ line: `tidy ${name}` }), {
        undo: (on) => on.write({ line: `untidy ${name}` }),
      }),
    verify: async (there, { name }) => (await there.check(`is ${name} tidy?`, (on) => on.read({ name }))).lines > 0,
  }),
);
