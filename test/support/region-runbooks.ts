/** Runbooks whose steps are for regions, bundled for tests. Workflow code. */
import { everyRegion, fanOut, runbook } from '../../workflows/kit/index.ts';
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

export interface EverywhereInput {
  readonly name: string;
  readonly totalMs?: number;
  /** End as failed after all parts, so that what succeeded is undone. */
  readonly escalate?: boolean;
}

/** A child run in every region. */
export const everywhere = runbook<EverywhereInput, unknown, RegionEffects>(async ({ name, ...bounds }, run) =>
  everyRegion(run, (there, region) =>
    there.child<typeof placed>(
      'placed',
      { name: `${name} ${region}`, region, ...bounds },
      { title: `${name} in ${region}` },
    ),
  ),
);

/** A step in every region, in this very run. */
export const sideBySide = runbook<EverywhereInput, unknown, RegionEffects>(
  async ({ name, escalate = false, ...bounds }, run) => {
    const parts = await everyRegion(run, (there, region) =>
      there.act(`${name} in ${region}`, (on) => on.effect({ name: `${name} ${region}` }), {
        ...bounds,
        undo: (on) => on.effect({ name: `undo ${name} ${region}` }),
      }),
    );
    if (escalate) run.escalate('not everywhere');
    return parts;
  },
);

/** Two steps in each of these regions, one after the other; side by side for the regions. */
export const twiceEach = runbook<
  { readonly name: string; readonly regions: readonly string[] },
  unknown,
  RegionEffects
>(async ({ name, regions }, run) =>
  fanOut(regions, async (region) => {
    for (const step of ['first', 'second'])
      await run
        .onRegion(region)
        .act(`${step} ${name} in ${region}`, (on) => on.effect({ name: `${step} ${name} ${region}` }));
  }),
);

/** A child that may hang, alone. */
export const parent = runbook<RegionInput & { readonly timeoutMs?: number }, unknown, RegionEffects>(
  async ({ timeoutMs, ...input }, run) =>
    fanOut([input], (each) =>
      run.child<typeof placed>('placed', each, {
        title: 'the child',
        region: each.region,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      }),
    ),
);
