/**
 * Attempts whose worker is dead: the server finds out by their time-out, mostly a minute. Here it is told at once, so that tests with many
 * deaths wait for nothing else. The next attempt is the same as after a time-out.
 */
import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';

/** `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;
const FAILURE = { message: 'its worker was killed', applicationFailureInfo: { type: 'WorkerKilled' } };

/** Call while no worker lives. Resolves to how many attempts there were, those of runs within the run included. */
export async function loseAttempts(client: Client, workflowId: string): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  let lost = 0;
  for (const { activityId, state } of raw.pendingActivities ?? []) {
    if (state !== STARTED) continue;
    assert.ok(activityId != null);
    const { namespace } = client.options;
    await client.workflowService.respondActivityTaskFailedById({ namespace, workflowId, activityId, failure: FAILURE });
    lost += 1;
  }
  for (const child of raw.pendingChildren ?? []) lost += await loseAttempts(client, child.workflowId ?? '');
  return lost;
}
