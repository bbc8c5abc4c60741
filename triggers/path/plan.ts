/** What is known about one event when it is decided, and what is decided. */
import type { Lineage, RunMode } from '../../workflows/kit/run-context.ts';
import type { Trigger } from '../define-trigger.ts';
import type { EventOf } from '../events/cloud-event.ts';
import type { Control } from './control.ts';
import type { Disposition, EndedAttempt, EpisodeEffect, Position, SourceAnswer } from './disposition.ts';
import type { WindowNow } from './during.ts';
import type { Episode } from './episode.ts';
import type { RecentRun } from './loop.ts';

/** The newest word about an alert that is stored behind an event of it. */
export interface Later {
  readonly status: 'firing' | 'resolved';
  readonly position: Position;
}

export interface PlanInput {
  readonly event: EventOf<unknown>;
  /** Where this message stands. Its `storedAt` is `now` for every rule about the episode. */
  readonly position: Position;
  /** Where it counts as standing: the original position of an event put back by an operator, else `position`. */
  readonly asOf: Position;
  readonly triggers: readonly Trigger[];
  readonly episode: Episode | null;
  /** When it is handled (ms): how long it waited decides staleness. Null: it was put back, so it is never stale. */
  readonly handledAt: number | null;
  /** An operator put it back for one more attempt after this run. Default: not. */
  readonly after?: EndedAttempt | null;
  /** An operator put it back, and has seen why it was parked. Default: nobody did. */
  readonly byOperator?: boolean;
  /** What its source said, when it was put back for that. Default: nobody was asked. */
  readonly asked?: SourceAnswer | null;
  /** What is stored behind a firing that waited long. Default: nothing is known of it. */
  readonly later?: Later | null;
  /** What operators have decided about triggers. */
  readonly control: Control;
  /** Windows at this moment. Default: none is known, and each is closed. */
  readonly windowNow?: WindowNow;
  /** Runs that may have caused this event. Default: none is known. */
  readonly recent?: readonly RecentRun[];
  /** Where a run acts whose trigger or alert names this region (null: none). Default: there. */
  readonly regionOf?: (named: string | null) => string;
  /** A firing this soon after a resolve counts as late, not as new, unless it brings newer evidence. */
  readonly reorderBoundMs: number;
}

export interface PlannedStart {
  readonly trigger: Trigger;
  readonly workflowId: string;
  readonly input: unknown;
  readonly service: string | null;
  /** Where it acts. */
  readonly region: string;
  readonly generation: number;
  readonly attempt: number;
  readonly mode: RunMode;
  /** Of a backlog: to be started at its pace. */
  readonly late: boolean;
  /** The run that seems to have caused the event. */
  readonly lineage: Lineage | null;
}

/** A run that only plans, for a trigger that only observes; its disposition names it. */
export interface PlannedPlan {
  readonly start: PlannedStart;
  readonly disposition: Disposition;
}

export interface PlannedSignal {
  readonly trigger: string;
  readonly workflowId: string;
  readonly generation: number;
}

export interface Plan {
  /** The record to write before anything is done; null when nothing changes. */
  readonly write: Episode | null;
  readonly effect: { readonly effect: EpisodeEffect; readonly generation: number } | null;
  readonly starts: readonly PlannedStart[];
  /** Started for their plans alone. */
  readonly plans: readonly PlannedPlan[];
  readonly signals: readonly PlannedSignal[];
  /** The run this event names, which is told of it. */
  readonly forRun: string | null;
  /** Dispositions that need nothing more than to be recorded (and buried, if dead). */
  readonly settled: readonly Disposition[];
}
