/** What a run cost Temporal: events of its history, and actions as Temporal bills them. */
import type { WorkflowHandle } from '@temporalio/client';

export interface RunCost {
  readonly events: number;
  readonly actions: number;
}

/** Start, step, timer, signal in or out, update, attributes, and a local activity: one action each. */
const ACTIONS = [
  'workflowExecutionStartedEventAttributes',
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'signalExternalWorkflowExecutionInitiatedEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
  'markerRecordedEventAttributes',
] as const;

export async function costOf(handle: WorkflowHandle): Promise<RunCost> {
  const { events } = await handle.fetchHistory();
  const all = events ?? [];
  return {
    events: all.length,
    actions: all.filter((event) => ACTIONS.some((name) => event[name] !== null && event[name] !== undefined)).length,
  };
}
