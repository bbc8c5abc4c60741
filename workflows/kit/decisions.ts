/** The local activities of the runbook worker: what workflow code must not compute itself (R7). Each costs one history event when it is used. */
import { proxyLocalActivities } from '@temporalio/workflow';
import type { Decisions } from '../../activities/decisions.ts';

export const decisions = proxyLocalActivities<Decisions>({
  startToCloseTimeout: 10_000,
  // With the wait for a worker that knows them, as an older one may not.
  scheduleToCloseTimeout: 600_000,
  retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 30_000 },
});
