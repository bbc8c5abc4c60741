/** One log line for each attempt of a step, with the event, the trigger and the region it is about. */
import { type Context, log } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';
import { LOG_HEADER, type LogAttributes } from '../workflows/kit/run-context.ts';

export const stepLog: ActivityInterceptorsFactory = (context) => {
  let attributes: Partial<LogAttributes> = {};
  return {
    inbound: {
      execute: async (input, next) => {
        const header = input.headers[LOG_HEADER];
        if (header !== undefined) attributes = defaultPayloadConverter.fromPayload<LogAttributes>(header);
        return logged(context, () => next(input));
      },
    },
    outbound: { getLogAttributes: (input, next) => next({ ...input, ...attributes }) },
  } satisfies ActivityInterceptors;
};

async function logged<T>({ info }: Context, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const took = () => ({ step: info.activityType, tookMs: Math.round(performance.now() - begun) });
  try {
    const result = await work();
    log.info('step done', took());
    return result;
  } catch (error) {
    log.warn('step failed', { ...took(), reason: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
