/** The cancellation of the activity that runs now; null outside of one. */
import { Context } from '@temporalio/activity';

export function activitySignal(): AbortSignal | null {
  try {
    return Context.current().cancellationSignal;
  } catch {
    // There is no other way to ask.
    return null;
  }
}
