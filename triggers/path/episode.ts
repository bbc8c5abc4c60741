/**
 * One record of the episode book: the state of one alert key. Changed only by compare-and-set, only on changes of state.
 */
import type { Position } from './disposition.ts';

/** What one trigger decided in this generation. */
export interface TriggerDecision {
  readonly workflowId: string;
  /** The event that caused the (latest) start: its redelivery repeats the start instead of joining. */
  readonly startedBy: Position;
  readonly attempt: number;
  /** Set by the sweeper once the run has failed. */
  readonly failedAt?: number;
}

export interface Episode {
  readonly alertKey: string;
  /** Number of the current or last episode; 0 when only a resolve has been seen. */
  readonly generation: number;
  readonly status: 'open' | 'closed';
  readonly openedBy: Position | null;
  /** The last resolve that counted, and the instant (ms) it gives for the end of the sickness, if any. */
  readonly lastResolve: { readonly by: Position; readonly evidenceMs: number | null } | null;
  readonly triggers: Readonly<Record<string, TriggerDecision>>;
  /** Triggers that were held back from a loop in this generation, each with the reason; they start only when an operator releases them. */
  readonly parked?: Readonly<Record<string, string>>;
  /** Runs of the generation before, by trigger: a late resolve of that one is still told to them. */
  readonly before?: Readonly<Record<string, string>>;
  /** Stream time (ms) of the last write; a long episode is rewritten before the record would expire. */
  readonly writtenAt: number;
}
