/** Ends a run as failed, for a human to take over; what it did is undone. */
import { ApplicationFailure } from '@temporalio/workflow';
import { ESCALATED } from './escalated.ts';

export function escalate(message: string): never {
  throw ApplicationFailure.create({ type: ESCALATED, message, nonRetryable: true });
}
