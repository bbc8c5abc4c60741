/** What runbooks ask in local activities (R7), with what the answers depend on passed in. */
import { type ApprovalSettings, createApprovalDecisions } from './approvals.ts';
import { type Tell, createTelling } from './tell.ts';

export interface DecisionDependencies {
  readonly approvals: ApprovalSettings;
  readonly tell: Tell;
  /** Ms since 1970; default: the clock. */
  readonly now?: () => number;
}

export type Decisions = ReturnType<typeof createDecisions>;

export const createDecisions = ({ approvals, tell, now }: DecisionDependencies) => ({
  ...createApprovalDecisions(approvals, now),
  ...createTelling(tell),
});
