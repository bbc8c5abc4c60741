/**
 * Gives a step what its run sent along: takes the last argument away, where the codec covers it, and hands its content on as headers. A step
 * that was scheduled by an older release has headers only, and passes as it is.
 */
import { type Headers, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { STEP_ENVELOPE } from '../workflows/kit/step-envelope.ts';

/** Stands outside of every interceptor that reads headers or arguments. */
export const openEnvelope: ActivityInterceptorsFactory = () => ({
  inbound: {
    execute: (input, next) => {
      const content = contentOf(input.args.at(-1));
      if (content === null) return next(input);
      const headers: Headers = { ...input.headers };
      for (const [name, value] of Object.entries(content)) headers[name] = defaultPayloadConverter.toPayload(value);
      return next({ args: input.args.slice(0, -1), headers });
    },
  },
});

/** Null when it is an argument of the step itself. */
function contentOf(last: unknown): object | null {
  if (typeof last !== 'object' || last === null || Object.keys(last).length !== 1) return null;
  const content: unknown = (last as Record<string, unknown>)[STEP_ENVELOPE];
  return typeof content === 'object' ? content : null;
}
