/** A run tells people something. Handed over, not awaited: a channel that is away must not hold up a run. */
import { Context } from '@temporalio/activity';

export interface RunNotice {
  /** What it is about; notices about the same of one run are one. */
  readonly about: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly title: string;
  readonly text: string;
}

/** Takes the notice and returns at once; never throws. */
export type Tell = (
  notice: RunNotice,
  run: {
    readonly workflowId: string;
    readonly runId: string;
    readonly namespace: string;
    readonly runbook: string;
  },
) => void;

export const createTelling = (tell: Tell) => ({
  /** May run twice: the notifier recognises what it was told before. */
  tellPeople: async (notice: RunNotice): Promise<void> => {
    const { workflowExecution, workflowNamespace, workflowType } = Context.current().info;
    tell(notice, {
      workflowId: workflowExecution?.workflowId ?? '',
      runId: workflowExecution?.runId ?? '',
      namespace: workflowNamespace ?? '',
      runbook: workflowType ?? '',
    });
  },
});
