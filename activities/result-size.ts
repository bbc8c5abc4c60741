/**
 * A result that Temporal would not take is final: another attempt would do the effect once more, and bring it again. Outermost, so that it sees
 * what is sent.
 */
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { tooLarge } from '../workflows/kit/payload-size.ts';

export const boundResult: ActivityInterceptorsFactory = (context: Context) => ({
  inbound: {
    execute: async (input, next) => {
      const result: unknown = await next(input);
      const failure = tooLarge(`the result of ${context.info.activityType}`, result);
      if (failure !== null) throw failure;
      return result;
    },
  },
});
