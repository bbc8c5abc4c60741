import { type RolloutReport, rollOut, runbook } from '../../../../workflows/kit/index.ts';
import { patchFleetRollout } from '../../../../workflows/rollouts.ts';

/** As shipped, but for its figures. */
export const patchFleet = runbook<object, RolloutReport, object>((_input, run) =>
  rollOut(run, { ...patchFleetRollout, soakMs: 1_000, waves: { by: 'share', percent: [60, 100] } }),
);
