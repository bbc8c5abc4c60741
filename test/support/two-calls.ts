import { type LimitUse, runbook } from '../../workflows/kit/index.ts';

export interface TwoCallsInput {
  readonly limits: readonly LimitUse[];
}

export interface TwoCallsActs {
  readonly call: (input: { readonly number: number }) => Promise<void>;
}

export const BOUNDS = { attemptMs: 60_000, totalMs: 120_000 };

/** One effect of two calls, under limits. */
export const twoCalls = runbook<TwoCallsInput, void, TwoCallsActs>(({ limits }, run) =>
  run.act(
    'two calls',
    async (on) => {
      await on.call({ number: 1 });
      await on.call({ number: 2 });
    },
    { ...BOUNDS, limits },
  ),
);
