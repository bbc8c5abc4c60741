import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { TimeoutFailure, TimeoutType } from '@temporalio/common';
import { createRuns } from '../../triggers/path/runs.ts';

/** Of a run that timed out, and whose task was tried for the sixth time. */
const runsWhere = (history: () => Promise<unknown>) => {
  const timedOut = new WorkflowFailedError(
    'failed',
    new TimeoutFailure('execution timed out', undefined, TimeoutType.START_TO_CLOSE),
    'TIMEOUT' as never,
  );
  const handle = {
    result: () => Promise.reject(timedOut),
    describe: async () => ({ raw: { pendingWorkflowTask: { attempt: 6 } } }),
  };
  const client = {
    withDeadline: async (_until: number, work: () => Promise<unknown>) => work(),
    workflow: { getHandle: () => handle },
    workflowService: { getWorkflowExecutionHistoryReverse: history },
  } as unknown as Client;
  return createRuns({ client, namespace: 'default' });
};

describe('why a run failed or is stuck', () => {
  it('is told without what its task says when that cannot be read', async () => {
    const runs = runsWhere(() => Promise.reject(new Error('no rights')));
    assert.equal(await runs.failure('id', 'run'), 'execution timed out');
    assert.equal(await runs.stuck('id'), 'its workflow task failed 5 times');
  });

  it('blames the code of the runbook for what that threw alone', async () => {
    const failing = (cause: number, message: string) =>
      runsWhere(async () => ({
        history: { events: [{ workflowTaskFailedEventAttributes: { cause, failure: { message } } }] },
      })).stuck('id');
    assert.match((await failing(14, 'no name')) ?? '', /, because the code of its runbook does: no name$/);
    assert.match((await failing(37, 'too large')) ?? '', /, because its workflow task fails: too large$/);
  });
});
