/** What one limit allows, worked out for one scope: figures only, no percentages and no selectors any more. */
export interface LimitRule {
  /** Name of the limit in the configuration. */
  readonly name: string;
  /** What it is counted for, as `service=checkout`. */
  readonly scope: string;
  /** Steps that may be in progress at once; at least 1. */
  readonly slots: number;
  /** So many failed steps within the time stop everything for as long again; null: no breaker. */
  readonly failures: { readonly max: number; readonly perMs: number } | null;
  /** Pause after a step before the next one begins; 0: none. */
  readonly coolDownMs: number;
  readonly whenFull: 'queue' | 'refuse';
  readonly queueMax: number;
  /** Longest wait for a slot. */
  readonly waitMs: number;
  /** More different targets than `max` within the time stop everything; null: not counted. `of`: how many targets the scope has. */
  readonly sick: { readonly max: number; readonly withinMs: number; readonly of: number } | null;
}

/** One step that asks for a slot. */
export interface LimitRequest {
  /** The same however often it is asked. */
  readonly id: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Title of the step. */
  readonly step: string;
  /** What it acts on: what counts as one of the sick. */
  readonly target: string;
  /** Longest time the step may take with all its attempts, the last of them included, and some grace. */
  readonly leaseMs: number;
  /** Longest time one attempt may take. */
  readonly attemptMs: number;
  /** Takes something back: passes breaker, cool-down and the sick count, and goes before the others. */
  readonly undo: boolean;
}

/** `unused`: nothing was done under it. */
export type Outcome = 'done' | 'failed' | 'unused';

/**
 * What is known of a holder's run. `live`: a step is in progress. `idle`: open, none in progress. `closed`: it has ended, was terminated or
 * reset; an attempt of its step may still be at work somewhere.
 */
export type Verdict =
  { readonly kind: 'live' | 'idle' | 'unknown' } | { readonly kind: 'closed'; readonly closedAt: number };

export type RefusalReason = 'full' | 'queue-full' | 'waited' | 'breaker' | 'sick';
