/** Follows one run through its history as it happens, told step by step. Reads only; bounded by the caller's deadline. */
import type { Client } from '@temporalio/client';
import { type HistoryEvent, failureText, payloadText } from './history-text.ts';

export interface StepReport {
  readonly title: string;
  readonly outcome: 'ok' | 'failed';
  readonly detail: string;
}

export interface FollowedRun {
  readonly status: 'completed' | 'failed' | 'terminated' | 'canceled' | 'timed-out';
  /** The result of a completed run, else the reason. */
  readonly detail: string;
}

const POLL_TIMEOUT_MS = 20_000;

/** Resolves when the run is closed; rejects when `deadlineMs` (epoch) has passed or Temporal is away. */
export async function followRun(
  client: Client,
  run: { readonly namespace: string; readonly workflowId: string; readonly runId: string },
  options: { readonly deadline: number; readonly onStep: (step: StepReport) => void },
): Promise<FollowedRun> {
  const titles = new Map<string, string>();
  let nextPageToken: Uint8Array = new Uint8Array();
  while (Date.now() < options.deadline) {
    const page = await client.withDeadline(Date.now() + POLL_TIMEOUT_MS, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: run.namespace,
        execution: { workflowId: run.workflowId, runId: run.runId },
        waitNewEvent: true,
        nextPageToken,
      }),
    );
    for (const event of page.history?.events ?? []) {
      const step = stepOf(event, titles);
      if (step !== null) options.onStep(step);
      const end = endOf(event);
      if (end !== null) return end;
    }
    nextPageToken = page.nextPageToken ?? new Uint8Array();
  }
  throw new Error(`run ${run.workflowId} is still open`);
}

function stepOf(event: HistoryEvent, titles: Map<string, string>): StepReport | null {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled) {
    titles.set(
      String(event.eventId),
      payloadText(event.userMetadata?.summary) || (scheduled.activityType?.name ?? 'step'),
    );
    return null;
  }
  const done = event.activityTaskCompletedEventAttributes;
  if (done)
    return {
      title: titles.get(String(done.scheduledEventId)) ?? 'step',
      outcome: 'ok',
      detail: payloadText(done.result?.payloads?.[0]),
    };
  const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
  if (!failed) return null;
  return {
    title: titles.get(String(failed.scheduledEventId)) ?? 'step',
    outcome: 'failed',
    detail: failureText(failed.failure),
  };
}

function endOf(event: HistoryEvent): FollowedRun | null {
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed) return { status: 'completed', detail: payloadText(completed.result?.payloads?.[0]) };
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed) return { status: 'failed', detail: failureText(failed.failure) };
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated) return { status: 'terminated', detail: terminated.reason ?? '' };
  if (event.workflowExecutionCanceledEventAttributes) return { status: 'canceled', detail: 'cancelled on request' };
  if (event.workflowExecutionTimedOutEventAttributes) return { status: 'timed-out', detail: 'execution time-out' };
  return null;
}
