/** What runbooks ask in local activities (R7), with what the answers depend on passed in. */
import { type ApprovalSettings, createApprovalDecisions } from './approvals.ts';
import type { ScheduleActivities } from '../workflows/engine/schedule-fired.ts';
import { type LimitDependencies, createLimitDecisions } from './limits/limit-decisions.ts';
import { createNoWorkerTelling } from './no-worker.ts';
import { type RolloutDependencies, createRolloutDecisions } from './rollout-decisions.ts';
import { type Tell, createTelling } from './tell.ts';
import { type WindowDependencies, createWindowDecisions } from './windows/window-decisions.ts';

export interface DecisionDependencies {
  /** Stores the event of a schedule; without it the worker takes no schedules. */
  readonly publishSchedule?: ScheduleActivities['publishSchedule'];
  /** Asked anew for each decision; may throw while it is not known. */
  readonly approvals: () => ApprovalSettings;
  /** Without it every step under a limit is refused. */
  readonly limits?: LimitDependencies;
  /** Without it every window is closed. */
  readonly windows?: WindowDependencies;
  /** Without it every rollout is refused. */
  readonly rollouts?: RolloutDependencies;
  readonly tell: Tell;
  /** Counts the steps that no worker of a region took. */
  readonly noWorker?: (region: string) => void;
  /** Ms since 1970; default: the clock. */
  readonly now?: () => number;
}

export type Decisions = ReturnType<typeof createDecisions>;

export const createDecisions = ({
  approvals,
  limits,
  windows,
  rollouts,
  tell,
  noWorker,
  now,
  publishSchedule,
}: DecisionDependencies) => ({
  ...createApprovalDecisions(approvals, now),
  ...createLimitDecisions(limits),
  ...createWindowDecisions(windows),
  ...createRolloutDecisions(rollouts),
  ...createTelling(tell),
  ...createNoWorkerTelling(tell, noWorker),
  ...(publishSchedule === undefined ? {} : { publishSchedule }),
});
