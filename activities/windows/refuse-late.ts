/**
 * Stands around the activities of a region: an effect that reaches its worker after its window's cut-off is refused before anything happens,
 * however long it lay in the queue or however often it was tried before.
 */
import { ApplicationFailure, type Headers, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { WINDOW_CLOSED, WINDOW_HEADER } from '../../workflows/kit/window-message.ts';

/** The clock of this host and that of the server may differ by so much. */
const SKEW_MS = 5_000;

export const refuseLate =
  (clock: () => number): ActivityInterceptorsFactory =>
  ({ info: { attempt, currentAttemptScheduledTimestampMs } }) => ({
    inbound: {
      execute: (input, next) => {
        const end = notAfterOf(input.headers);
        // The server's word is a lower bound, for a host whose clock is behind.
        if (Math.max(clock(), currentAttemptScheduledTimestampMs) <= end + SKEW_MS) return next(input);
        throw ApplicationFailure.create({
          type: WINDOW_CLOSED,
          message: `it may begin until ${new Date(end).toISOString()}, by its window, and is refused`,
          nonRetryable: true,
          // Whether no attempt of it has begun.
          details: [attempt === 1],
        });
      },
    },
  });

function notAfterOf(headers: Headers): number {
  const payload = headers[WINDOW_HEADER];
  if (payload === undefined) return Infinity;
  const end = defaultPayloadConverter.fromPayload<unknown>(payload);
  return typeof end === 'number' ? end : 0;
}
