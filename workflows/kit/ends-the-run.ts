/** Whether an error is about the whole run, and not about the part of it that rejected: a resolved alert, a cancellation, an escalation, a mistake in the code. */
import { ApplicationFailure, TemporalFailure, isCancellation } from '@temporalio/workflow';
import { ESCALATED } from './escalated.ts';

export const endsTheRun = (error: unknown): boolean =>
  isCancellation(error) ||
  !(error instanceof TemporalFailure) ||
  (error instanceof ApplicationFailure && error.type === ESCALATED);
