/** Patch a fleet, following the sun: a canary, then region by region, each target within its own night; stops for people on too many failures. */
import { type RolloutReport, rollOut, runbook } from './kit/index.ts';
import { patchFleetRollout } from './rollouts.ts';

export interface PatchFleetInput {
  /** Only targets with this label `fleet`; default: every target that the rollout is for. */
  readonly fleet?: string;
}

/** It has no steps of its own: its waves act. */
export const patchFleet = runbook<PatchFleetInput, RolloutReport, object>(({ fleet }, run) =>
  rollOut(run, patchFleetRollout, { narrow: fleet === undefined ? {} : { fleet } }),
);
