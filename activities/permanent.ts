/** Says that repeating cannot help. A plain Error in an activity is retried; this one is not. */
import { ApplicationFailure } from '@temporalio/common';

export const permanent = (type: string, message: string, cause?: Error): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: true, ...(cause === undefined ? {} : { cause }) });
