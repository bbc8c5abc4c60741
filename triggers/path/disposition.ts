/** What became of an event, as the ledger records it. The words are those of ARCHITECTURE.md. */

import type { WindowUse } from '../../workflows/kit/window-use.ts';
import type { Stop } from './stop.ts';

/** Where a message stands in the log: which stream, which sequence, stored when (ms since 1970, server clock). */
export interface Position {
  readonly stream: string;
  readonly sequence: number;
  readonly storedAt: number;
}

/** A run that is over, and which attempt of its episode it was. */
export interface EndedAttempt {
  readonly workflowId: string;
  readonly attempt: number;
}

export type IgnoredReason =
  /** Older than the last resolve, or within the reorder bound after it without newer evidence. */
  | 'superseded'
  /** Waited longer than the trigger's `maxQueueAge` or happened longer ago than its `maxEventAge`, and its policy is to drop. */
  | 'stale'
  /** Waited too long, and something newer about the same alert is stored behind it. */
  | 'folded'
  /** The trigger only observes; `detail` says what would have run. */
  | 'observed'
  /** The trigger is paused, and its policy is to ignore. */
  | 'paused'
  /** It came while the trigger's window was closed, and its policy is to ignore. */
  | 'window'
  /** It came too late, and its source says that it does not fire any more. */
  | 'over';

export type HeldReason =
  /** The trigger is paused, and its policy is to hold. */
  | 'paused'
  /** The red button covers it. */
  | 'stopped'
  /** It seems to be caused by a chain of runs. */
  | 'loop'
  /** Too old to act on unseen: its source is asked, and where that cannot say, a human decides. */
  | 'stale'
  /** The trigger's window is closed; released when it opens. */
  | 'window';

export type Disposition = { readonly trigger: string } & (
  | { readonly kind: 'started'; readonly workflowId: string; readonly runId: string; readonly generation: number }
  | {
      readonly kind: 'joined';
      readonly workflowId: string;
      readonly generation: number;
      /** What was known of the run it joined. `told`: this resolve was signalled to it. */
      readonly run: 'open' | 'running' | 'done' | 'failed' | 'told';
    }
  | {
      readonly kind: 'ignored';
      readonly reason: IgnoredReason;
      readonly detail?: string;
      /** Id of the run that made the plan, if one was observed. */ readonly plan?: string;
    }
  /** Kept for an operator to see; starts nothing by itself. */
  | {
      readonly kind: 'held';
      readonly reason: HeldReason;
      readonly detail: string;
      /** The stop that held it. */
      readonly stop?: Pick<Stop, 'scope' | 'at'>;
      /** The window that is waited for, where, and when it was to open as known then (RFC 3339). */
      readonly window?: { readonly use: WindowUse; readonly where: string; readonly opensAt?: string };
    }
  | { readonly kind: 'dead'; readonly reason: string; readonly message: string }
);

/** What a source said of an alert of its own that came too late. */
export interface SourceAnswer {
  /** It fires now; it does not; or that cannot be known, and a human decides. */
  readonly says: 'fires' | 'over' | 'unknown';
  /** When it was asked, RFC 3339. */
  readonly at: string;
  /** One line for people: who said what. */
  readonly why: string;
}

/** Episode effect of the event on its alert key. */
export type EpisodeEffect = 'opened' | 'joined' | 'closed' | 'none';

/** One event's record. Keyed by (stream, sequence); the first record wins. */
export interface EventRecord {
  readonly kind: 'event';
  readonly position: Position;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly source: string;
    readonly alertKey: string | null;
    readonly title: string | null;
    readonly labels: Readonly<Record<string, string>>;
    /** Set when its own time lies further ahead of when it was stored than clocks differ, ms: ordered by when it was stored. */
    readonly aheadMs?: number;
  };
  readonly episode: { readonly effect: EpisodeEffect; readonly generation: number } | null;
  /** Triggers that matched; one that is not named here was filtered. */
  readonly dispositions: readonly Disposition[];
  readonly triggerSet: string;
  /** RFC 3339, UTC, by the recording process's clock. */
  readonly recordedAt: string;
  readonly recordedBy: string;
  /** Set on an event that was held as too old, and put back with what its source said. */
  readonly asked?: SourceAnswer;
  /** Set when an audit wrote this record for a run whose own record was missing. */
  readonly adopted?: true;
}

export type RunOutcome = 'completed' | 'failed' | 'terminated' | 'canceled' | 'timed-out' | 'stuck';

/** What became of a run; written by the sweeper, once per run and outcome. */
export interface RunRecord {
  readonly kind: 'run';
  readonly workflowId: string;
  readonly runId: string;
  /** Absent in older records. */
  readonly workflowType?: string;
  /** Null for Tocsin's own workflows, and for runs that people started. */
  readonly trigger: string | null;
  readonly outcome: RunOutcome;
  readonly detail: string | null;
  readonly closedAt: string | null;
  readonly recordedAt: string;
}

export type LedgerRecord = EventRecord | RunRecord;
