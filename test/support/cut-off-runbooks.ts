/** One step on one target, under a limit that lets one step act there; bundled for tests. Workflow code. */
import { limit, runbook } from '../../workflows/kit/index.ts';
import type { CutOffActs, TouchInput } from './cut-off-worker.ts';

export { tocsinLimit } from '../../workflows/engine/index.ts';

export const touchTarget = runbook<TouchInput, boolean, CutOffActs>(async (input, run) =>
  run.act(`touch ${input.target}`, (on) => on.touch(input), {
    attemptMs: 8_000,
    totalMs: 60_000,
    limits: [limit('one-per-target', input.target)],
  }),
);

export interface TouchOnceInput extends TouchInput {
  readonly totalMs: number;
}

/** The same, where it must not be repeated. */
export const touchOnce = runbook<TouchOnceInput, boolean, CutOffActs>(async ({ totalMs, ...input }, run) =>
  run.act(`touch ${input.target}`, (on) => on.touch(input), {
    attemptMs: 5_000,
    totalMs,
    repeatable: false,
    limits: [limit('one-per-target', input.target)],
    undo: (on) => on.touch({ ...input, target: `back ${input.target}` }),
  }),
);
