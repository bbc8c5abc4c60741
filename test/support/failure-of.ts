import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';

/** The innermost cause of a failed run. */
export async function causeOf(run: Promise<unknown>): Promise<Error> {
  const error = await run.then(
    () => assert.fail('the run completed, expected it to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  let last: Error = error;
  while (last.cause instanceof Error) last = last.cause;
  return last;
}

export const failureOf = async (run: Promise<unknown>): Promise<string> => (await causeOf(run)).message;
