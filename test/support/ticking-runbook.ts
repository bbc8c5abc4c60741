/** Runbooks that act all the time, for trials of the red button: many short acts, and one act of many effects. */
import { runbook } from '../../workflows/kit/index.ts';

export interface TickInput {
  readonly service: string;
  /** How often, at most. */
  readonly times: number;
}

export interface TickingActivities {
  tick(input: TickInput): Promise<void>;
  /** Acts again and again by itself, and asks each time whether it may. */
  tickAlong(input: TickInput): Promise<void>;
}

export const ticking = runbook<TickInput, number, TickingActivities>(async (input, run) => {
  for (let n = 0; n < input.times; n += 1) await run.act(`tick ${n}`, (on) => on.tick(input));
  return input.times;
});

export const lasting = runbook<TickInput, number, TickingActivities>(async (input, run) => {
  await run.act('tick along', (on) => on.tickAlong(input), { attemptMs: 300_000 });
  return input.times;
});
