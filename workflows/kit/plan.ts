/** What a run would do, as data. A human reads it, a hash names it, and an approval is bound to that hash. */
import type { LimitUse } from './limit-use.ts';
import type { RunContext } from './run-context.ts';
import type { PlannedWindow } from './window-options.ts';

export interface PlannedCall {
  readonly activity: string;
  readonly input: unknown;
}

/** One effect. `step` counts every check, act and verify of the procedure from 1. */
export interface PlannedAction {
  readonly step: number;
  readonly title: string;
  /** Region whose workers act. */
  readonly region: string;
  readonly calls: readonly PlannedCall[];
  /** What takes it back should the run fail later on. */
  readonly undo: readonly PlannedCall[];
  /** Limits that it has to stay within, as the runbook says them. */
  readonly limits: readonly LimitUse[];
  /** Window within which it acts; absent: it acts at once. */
  readonly window?: PlannedWindow;
}

/** What a check has seen: its `significant` part, or all of it. */
export interface PlannedObservation {
  readonly step: number;
  readonly title: string;
  readonly region: string;
  readonly result: unknown;
  /** Whether an approval holds only while it stays so. Not what is expected to change by the effects before it. */
  readonly binding: boolean;
}

export interface Plan {
  readonly runbook: string;
  readonly input: unknown;
  readonly context: Pick<RunContext, 'trigger' | 'alertKey' | 'service' | 'region'>;
  /** Titles of the effects this run has had already, when it asks again. */
  readonly done: readonly string[];
  readonly observed: readonly PlannedObservation[];
  readonly actions: readonly PlannedAction[];
  /** Why the plan ends before the procedure does; null when it is whole. */
  readonly partial: string | null;
}

/** Result of a run that only planned. */
export interface PlannedReport {
  readonly outcome: 'planned';
  readonly plan: Plan;
  /** SHA-256 of the plan's canonical form, hexadecimal. */
  readonly hash: string;
}
