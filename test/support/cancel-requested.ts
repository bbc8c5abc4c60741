import type { WorkflowHandle } from '@temporalio/client';
import { until } from './until.ts';

/** Resolves when the run has asked the step that is at work to end: it has taken notice of its cancellation. */
export const cancelRequested = (run: Pick<WorkflowHandle, 'fetchHistory'>): Promise<true> =>
  until('the run knows that it is cancelled', async () => {
    const { events } = await run.fetchHistory();
    return events?.some((event) => event.activityTaskCancelRequestedEventAttributes) === true;
  });
