/** How often a step of a run has been tried, by the server. */
import type { WorkflowHandle } from '@temporalio/client';
import { until } from './until.ts';

/** Resolves once its step that calls `activity` is at its second attempt, or waits for it. */
export const untilTriedAgain = (run: WorkflowHandle, activity: string): Promise<unknown> =>
  until(`${activity} is tried again`, async () => {
    const { raw } = await run.describe();
    return raw.pendingActivities?.some(
      ({ activityType, attempt }) => activityType?.name === activity && (attempt ?? 1) > 1,
    );
  });

/** Resolves once the run has begun its step that calls `activity`. */
export const untilAtWork = (run: WorkflowHandle, activity: string): Promise<unknown> =>
  until(`${activity} is at work`, async () => {
    const { raw } = await run.describe();
    return raw.pendingActivities?.some(({ activityType }) => activityType?.name === activity);
  });
