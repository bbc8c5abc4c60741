/** Runbooks whose one step is under limits, and the limits' own workflow; bundled for tests and for the bench. */
import { proxyActivities } from '@temporalio/workflow';
import { type LimitUse, runbook } from '../../workflows/kit/index.ts';
import type { EffectInput } from './limit-effects.ts';

export { tocsinLimit } from '../../workflows/engine/index.ts';

export interface LimitedInput extends EffectInput {
  readonly limits: readonly LimitUse[];
}

interface Effects {
  readonly effect: (input: EffectInput) => Promise<number | null>;
}

const BOUNDS = { attemptMs: 20_000, totalMs: 40_000, heartbeatMs: 3_000 };

export const limited = runbook<LimitedInput, number | null, Effects>(async ({ limits, ...input }, run) =>
  run.act(`act on ${input.name}`, (on) => on.effect(input), { ...BOUNDS, limits }),
);

/** Two steps, the second of which fails, so that the first is undone under its limit. */
export const undone = runbook<LimitedInput, void, Effects>(async ({ limits, ...input }, run) => {
  await run.act('first', (on) => on.effect(input), {
    ...BOUNDS,
    limits,
    undo: (on) => on.effect({ ...input, name: `${input.name} undo` }),
  });
  run.escalate('the second step failed');
});

/** Nothing of Tocsin's limits is used: what `limited` costs more is their price. */
export const unlimited = runbook<EffectInput, number | null, Effects>(async (input, run) =>
  run.act(`act on ${input.name}`, (on) => on.effect(input), BOUNDS),
);

/** The same without Tocsin: what `unlimited` costs more is the price of nothing used. */
export async function bare(input: EffectInput): Promise<number | null> {
  const { effect } = proxyActivities<Effects>({
    taskQueue: 'activities-eu',
    startToCloseTimeout: BOUNDS.attemptMs,
    scheduleToCloseTimeout: BOUNDS.totalMs,
  });
  return effect(input);
}
