/** How long an effect on a target that knows no tokens may last: it has to be over before Temporal gives its attempt up and makes another. */
import { Context } from '@temporalio/activity';

/** For ending what is at work (SIGTERM, SIGKILL 2 s later), and for the way of the task to this worker. */
const MARGIN_MS = 5_000;

/** Of `wantedMs`, what fits into one attempt; of a short attempt half. Call inside an activity only. */
export function withinAttempt(wantedMs: number): number {
  const { startToCloseTimeoutMs } = Context.current().info;
  return Math.min(wantedMs, Math.max(startToCloseTimeoutMs - MARGIN_MS, startToCloseTimeoutMs / 2));
}
