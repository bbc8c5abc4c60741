/** The key of an effect (R9): the same for every attempt of one step of one run, different for everything else. */
import { Context } from '@temporalio/activity';

/** Workflow id, run and step occurrence. Call inside an activity only. */
export function idempotencyKey(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.workflowId ?? 'none'}/${workflowExecution?.runId ?? 'none'}/${activityId}`;
}
