/** What a run cost Temporal: events of its history, and actions as Temporal bills them. */
import type { WorkflowHandle } from '@temporalio/client';

export interface RunCost {
  readonly events: number;
  readonly actions: number;
}

/** Start, step, timer, signal in or out, update, attributes and memo: one action each. */
const ACTIONS = [
  'workflowExecutionStartedEventAttributes',
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'signalExternalWorkflowExecutionInitiatedEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
  'workflowPropertiesModifiedEventAttributes',
] as const;

export async function costOf(handle: WorkflowHandle): Promise<RunCost> {
  const { events } = await handle.fetchHistory();
  const all = events ?? [];
  // Local activities count once for each workflow task that records some.
  const recording = new Set(
    all.flatMap(({ markerRecordedEventAttributes: marker }) =>
      marker ? [String(marker.workflowTaskCompletedEventId)] : [],
    ),
  );
  return {
    events: all.length,
    actions: all.filter((event) => ACTIONS.some((name) => event[name])).length + recording.size,
  };
}
