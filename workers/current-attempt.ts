/** Whether an attempt of a step is the one that Temporal waits for now. */
import type { IsCurrent } from '../activities/refuse-stale.ts';
import { grpcStatusOf } from '../triggers/path/grpc-status.ts';
import type { TemporalClient } from './temporal-connection.ts';

const ASK_MS = 5_000;
const NOT_FOUND = 5;
/** PENDING_ACTIVITY_STATE_SCHEDULED: no worker has it. */
const SCHEDULED = 1;

export const currentAttempt =
  ({ client, namespace }: Pick<TemporalClient, 'client' | 'namespace'>): IsCurrent =>
  async ({ activityId, attempt, workflowExecution: execution }) => {
    if (execution === undefined) return true;
    try {
      const { pendingActivities } = await client.withDeadline(Date.now() + ASK_MS, () =>
        client.workflowService.describeWorkflowExecution({ namespace, execution }),
      );
      const pending = pendingActivities?.find((each) => each.activityId === activityId);
      return pending?.attempt === attempt && pending.state !== SCHEDULED;
    } catch (error) {
      if (grpcStatusOf(error)?.code === NOT_FOUND) return false;
      throw error;
    }
  };
