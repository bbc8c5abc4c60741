import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';

/** The message of the innermost cause of a failed run. */
export async function failureOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => assert.fail('the run completed, expected it to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  let last: Error = error;
  while (last.cause instanceof Error) last = last.cause;
  return last.message;
}
