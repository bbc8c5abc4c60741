/** Whoever is cancelled ends as such, whatever became of the activity that was waited for: it may have ended well, failed or timed out. */
import { CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { RunContext } from './run-context.ts';

/** Rejects as `work` does, or as cancelled. Runs of before did not wait for what was at work. */
export async function heedingCancellation<T>({ cancelled }: RunContext, work: () => Promise<T>): Promise<T> {
  if (cancelled !== 'ended') return work();
  const scope = CancellationScope.current();
  try {
    const result = await work();
    if (!scope.consideredCancelled) return result;
  } catch (error) {
    if (!scope.consideredCancelled || isCancellation(error) || !(error instanceof Error)) throw error;
    throw failure(error);
  }
  throw failure();
}

const failure = (cause?: Error): CancelledFailure =>
  new CancelledFailure('cancelled while a step was at work', [], cause);
