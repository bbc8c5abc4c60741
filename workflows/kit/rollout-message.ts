/** What passes between a rollout in progress, its waves and the operator who steers it. Pure. */
import type { Selector } from '../../activities/inventory/selector.ts';
import type { Rollout, Wave } from './rollout-plan.ts';

/** Names of the update by which it is steered and of the query that tells how it goes. */
export const ROLLOUT_UPDATE = 'rolloutOrder';
export const ROLLOUT_QUERY = 'rollout';
/** Signal to the wave at work: begin with no further target, or go on. */
export const ROLLOUT_PAUSED_SIGNAL = 'rolloutPaused';

/** Who steers, and why. */
interface Given {
  readonly by: string;
  readonly why: string;
}

export type Steering =
  | { readonly kind: 'pause' | 'resume' }
  /** A wave that has not begun is left out. */
  | { readonly kind: 'skip'; readonly wave: string }
  /** These waves come next, in this order; the others after them as they were. */
  | { readonly kind: 'reorder'; readonly waves: readonly string[] };

export type RolloutOrder = Given & Steering;

export type WaveState = 'waiting' | 'running' | 'done' | 'skipped' | 'failed';

export interface RolloutStatus {
  /** Who has paused it and why; null: nobody. */
  readonly paused: Given | null;
  /** In the order in which they begin. */
  readonly waves: readonly WaveStatus[];
}

export interface WaveStatus {
  readonly name: string;
  readonly targets: number;
  readonly state: WaveState;
  /** Targets; 0 until the wave has ended. */
  readonly done: number;
  readonly failed: number;
}

/** What the waves of a rollout are planned from, outside of the run (R7). */
export interface RolloutRequest {
  readonly rollout: Rollout;
  /** Narrows the targets further. */
  readonly narrow: Selector;
  /** Time of the run, ms since 1970. */
  readonly at: number;
}

export interface PlannedRollout {
  readonly waves: readonly Wave[];
}
