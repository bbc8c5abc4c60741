/** Whether an error is about the whole run, and not about the part of it that rejected: a resolved alert, a cancellation, an escalation, a mistake in the code. */
import { ApplicationFailure, CancellationScope, TemporalFailure, isCancellation } from '@temporalio/workflow';
import { ESCALATED } from './escalated.ts';

/** `whole`: what counts as the whole; default: the scope of the caller. What was cancelled within it, as a child by an operator, is a part that failed. */
export function endsTheRun(error: unknown, whole?: CancellationScope): boolean {
  if (isCancellation(error)) return (whole ?? CancellationScope.current()).consideredCancelled;
  return !(error instanceof TemporalFailure) || (error instanceof ApplicationFailure && error.type === ESCALATED);
}
