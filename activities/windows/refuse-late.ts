/**
 * Stands around the activities of a region: an effect that reaches its worker after its window's cut-off is refused before anything happens,
 * however long it lay in the queue or however often it was tried before.
 */
import { ApplicationFailure, type Headers, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { WINDOW_CLOSED, WINDOW_HEADER } from '../../workflows/kit/window-message.ts';

/** The clock of this host and that of the server may differ by so much. */
const SKEW_MS = 5_000;

/** `clock`: ms since 1970, as this host has it. `monotonic`: ms since any moment, never set by anybody. One for each worker. */
export function refuseLate(
  clock: () => number,
  monotonic: () => number = () => performance.now(),
): ActivityInterceptorsFactory {
  // The server's clock is at least where any of its tasks saw it, and what has passed here since: for a host whose clock is behind.
  let serverAhead = -Infinity;
  return ({ info: { attempt, currentAttemptScheduledTimestampMs } }) => ({
    inbound: {
      execute: (input, next) => {
        const end = notAfterOf(input.headers);
        serverAhead = Math.max(serverAhead, currentAttemptScheduledTimestampMs - monotonic());
        if (Math.max(clock(), serverAhead + monotonic()) <= end + SKEW_MS) return next(input);
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
}

function notAfterOf(headers: Headers): number {
  const payload = headers[WINDOW_HEADER];
  if (payload === undefined) return Infinity;
  const end = defaultPayloadConverter.fromPayload<unknown>(payload);
  return typeof end === 'number' ? end : 0;
}
