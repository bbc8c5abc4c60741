/**
 * Waits until the parts of a cancelled run know of it as well. The time-skipping server counts neither the message to them nor its way as work: it would
 * skip to the next timer of whoever waits, and the cancellation would come only then, together with the step that the timer begins.
 */
import { setTimeout } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { HistoryEvent } from '../history-text.ts';

const LOOK_EVERY_MS = 20;
/** Real. What takes longer is left to the patience of the kit. */
const PATIENCE_MS = 10_000;

/** Time has to stand still: before `handle.result()`, and after the server's sleep. */
export async function partsKnow(handle: WorkflowHandle): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until && !isPassedOn((await handle.fetchHistory()).events ?? []))
    await setTimeout(LOOK_EVERY_MS);
}

/** The run has done what it does when it is cancelled, and each of its parts is told. */
function isPassedOn(events: readonly HistoryEvent[]): boolean {
  const since = events.findLastIndex((event) => event.workflowExecutionCancelRequestedEventAttributes);
  const after = events.slice(since + 1);
  const heard = after.some((event) => event.workflowTaskCompletedEventAttributes);
  const asked = after.filter((event) => event.requestCancelExternalWorkflowExecutionInitiatedEventAttributes);
  const told = after.filter(
    (event) =>
      event.externalWorkflowExecutionCancelRequestedEventAttributes ??
      event.requestCancelExternalWorkflowExecutionFailedEventAttributes,
  );
  return since >= 0 && heard && told.length >= asked.length;
}
