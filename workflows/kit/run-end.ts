/** How long a run may still wait: whatever it waits for has to end before the server ends the run, which then says and undoes nothing. */
import { workflowInfo } from '@temporalio/workflow';
import { workflowTime } from './workflow-time.ts';

/** What a run keeps of its execution timeout to undo and to say why. */
const RESERVE_MS = 60_000;

/** Waits end by then, ms since 1970; null when the run has no end. `reserveMs`: what is kept, of a short execution timeout a tenth. */
export function endsBy(reserveMs = RESERVE_MS): number | null {
  const { executionExpirationTime, executionTimeoutMs = 0, startTime } = workflowInfo();
  if (executionExpirationTime === undefined && executionTimeoutMs === 0) return null;
  // A server that skips time tells the length alone.
  const end = executionExpirationTime?.getTime() ?? startTime.getTime() + executionTimeoutMs;
  return end - Math.min(reserveMs, executionTimeoutMs / 10);
}

/** `ms`, or what is left of the run's time if that is less; at least 1. */
export function withinRun(ms: number): number {
  const end = endsBy();
  return end === null ? ms : Math.max(1, Math.min(ms, end - workflowTime()));
}
