/** Failure of what ends before it was done and could not take everything back. Nobody would look at it if it ended as it was asked to. */
import { ApplicationFailure } from '@temporalio/workflow';

export const notUndone = (why: string, left: readonly string[]): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'NotUndone',
    message: `${why}, and what was done is not undone, which needs a human: ${left.join(', ')}`,
    nonRetryable: true,
  });
