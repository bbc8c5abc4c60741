/** What runs, the workflow of a limit and the command line say to each other. Every message may be lost, late or doubled. */
import type { LimitRequest, LimitRule, Outcome, RefusalReason } from './limits/rule.ts';
import type { LimitState } from './limits/state.ts';

/** Workflow type; one per scope of a limit that is in use. */
export const LIMIT_WORKFLOW = 'tocsinLimit';
export const LIMIT_ID_PREFIX = 'limit/';
export const REQUEST_SIGNAL = 'limitRequest';
export const RELEASE_SIGNAL = 'limitRelease';
/** To the run. */
export const ANSWER_SIGNAL = 'limitAnswer';
export const STATE_QUERY = 'limitState';
/** Header of an activity that runs under limits: `Fence[]`. */
export const FENCE_HEADER = 'tocsin-fence';
/** Failure type of a step that was refused its slot. */
export const LIMIT_REFUSED = 'LimitRefused';
/** Failure type of an activity that came with the lease of another run of its workflow: the run was reset, and has to ask anew. */
export const FOREIGN_LEASE = 'ForeignLease';

export interface LimitStart {
  readonly rule: LimitRule;
  /** Null at first; what the execution before remembered. */
  readonly state: LimitState | null;
  /** Run that had its id before; null: none, as far as whoever asked has seen. Absent where workers of before this field have started it. */
  readonly previous?: string | null;
}

export interface LimitRequestMessage {
  readonly rule: LimitRule;
  readonly request: LimitRequest;
}

export interface LimitReleaseMessage {
  readonly id: string;
  readonly outcome: Outcome;
  readonly lingers: boolean;
}

export type LimitAnswer =
  | {
      readonly kind: 'granted';
      readonly id: string;
      readonly runId: string;
      readonly fence: number;
      /** Ms since 1970. */
      readonly until: number;
    }
  | { readonly kind: 'refused'; readonly id: string; readonly reason: RefusalReason; readonly text: string };

/** Proof towards a target that this step has its turn: higher than that of everybody before it. */
export interface Fence {
  readonly limit: string;
  readonly scope: string;
  readonly token: number;
  /** Run that was given the lease. */
  readonly runId: string;
}

/** Answer of the query. */
export interface LimitView {
  readonly rule: LimitRule;
  readonly state: LimitState;
}
