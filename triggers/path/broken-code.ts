/** Why a run does not get on: the code of its runbook fails, and Temporal tries it again and again. Its history keeps the first of these failures. */
import type { Client } from '@temporalio/client';

/** Signals and answers that came since stand behind it. */
const NEWEST_EVENTS = 100;
const MAX_CHARS = 300;

/** What the code threw; null when it has not failed, or has got on since. Rejects with the server's errors. */
export async function brokenCode(
  { client, namespace }: { readonly client: Client; readonly namespace: string },
  execution: { readonly workflowId: string; readonly runId?: string },
): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution,
    maximumPageSize: NEWEST_EVENTS,
  });
  for (const event of history?.events ?? []) {
    if (event.workflowTaskCompletedEventAttributes) return null;
    const failure = event.workflowTaskFailedEventAttributes?.failure;
    // Somebody has reset it.
    if (failure?.resetWorkflowFailureInfo) return null;
    if (failure?.message) return failure.message.slice(0, MAX_CHARS);
  }
  return null;
}
