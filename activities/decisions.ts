/** What runbooks ask in local activities (R7), with what the answers depend on passed in. */
import { type ApprovalSettings, createApprovalDecisions } from './approvals.ts';
import type { ScheduleActivities } from '../workflows/engine/schedule-fired.ts';
import { type Tell, createTelling } from './tell.ts';

export interface DecisionDependencies {
  /** Stores the event of a schedule; without it the worker takes no schedules. */
  readonly publishSchedule?: ScheduleActivities['publishSchedule'];
  readonly approvals: ApprovalSettings;
  readonly tell: Tell;
  /** Ms since 1970; default: the clock. */
  readonly now?: () => number;
}

export type Decisions = ReturnType<typeof createDecisions>;

export const createDecisions = ({ approvals, tell, now, publishSchedule }: DecisionDependencies) => ({
  ...createApprovalDecisions(approvals, now),
  ...createTelling(tell),
  ...(publishSchedule === undefined ? {} : { publishSchedule }),
});
