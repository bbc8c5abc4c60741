/** Runbooks whose steps are for regions, bundled for tests. Workflow code. */
import { runbook } from '../../workflows/kit/index.ts';
import type { RegionEffects } from './region-lab.ts';

export interface RegionInput {
  readonly name: string;
  readonly region: string;
  readonly attemptMs?: number;
  readonly totalMs?: number;
}

/** One step in its region; tells which region's worker acted. */
export const placed = runbook<RegionInput, string, RegionEffects>(async ({ name, region, ...bounds }, run) =>
  run.onRegion(region).act(`act on ${name}`, (on) => on.effect({ name }), {
    attemptMs: 60_000,
    totalMs: 60_000,
    ...bounds,
    undo: (on) => on.effect({ name: `undo ${name}` }),
  }),
);
