/** What a step says that found nothing left to do, so that the report of its run does not deny what an attempt before has done. */
import { Context } from '@temporalio/activity';

/** True when there was an attempt before this one, of which nobody knows how far it came. Call inside an activity only. */
export const followsAnother = (): boolean => Context.current().info.attempt > 1;
