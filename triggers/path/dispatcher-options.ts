/** What the dispatcher works with: the ports it acts through, and what it looks at while it decides. */
import type { Trigger } from '../define-trigger.ts';
import type { Control } from './control.ts';
import type { Windows } from './during.ts';
import type { LookAhead } from './look-ahead.ts';
import type { PutBackOvertaking } from './overtaken.ts';
import type { Pace } from './pace.ts';
import type { DeadLetters, Engine, EpisodeBook, Ledger } from './ports.ts';
import type { RecentRuns } from './recent-runs.ts';

export interface DispatcherOptions {
  /** Region whose stream this is. */
  readonly region: string;
  /** All regions that have activity workers. */
  readonly regions: readonly string[];
  readonly triggers: readonly Trigger[];
  readonly book: EpisodeBook;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  readonly engine: Engine;
  readonly reorderBoundMs: number;
  /** What operators have decided about triggers, as seen lately. */
  readonly control: () => Control;
  /** Runs that may have caused an event of now; absent: loops are not looked for. */
  readonly recent?: Pick<RecentRuns, 'list' | 'note' | 'refresh'>;
  /** Absent: none is known, and a trigger that needs one starts nothing. */
  readonly windows?: Windows;
  /** Absent: nothing is known of what is stored behind an event that waited long. */
  readonly lookAhead?: LookAhead;
  /** Called after each resolve that was handled late and closed an episode. */
  readonly putBackOvertaking: PutBackOvertaking;
  /** Of starts out of a backlog; absent: at once. */
  readonly pace?: Pace;
  /** Name of this process, for the record. */
  readonly instance: string;
  readonly now: () => number;
  /** How late it may be now, by the clock that is further while clocks differ. Default: `now`. */
  readonly latest?: () => number;
  /** Told how long each condition took, ms. */
  readonly onCondition?: (trigger: string, ms: number) => void;
}
