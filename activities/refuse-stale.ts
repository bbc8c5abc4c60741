/**
 * Stands around a step under limits: a task that was on its way for long may belong to an attempt that Temporal has given up, while another
 * worker has the next one. (It was given to a worker whose wire was cut, and arrives when the wire is mended.) The server is asked then,
 * before anything happens. Where it cannot be asked nothing is done, and the run is told so if no attempt went before.
 */
import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { FENCE_HEADER } from '../workflows/engine/limit-protocol.ts';
import { NOT_BEGUN } from '../workflows/kit/run-context.ts';

/** Whether the server still waits for this attempt. Rejects when it cannot be asked. */
export type IsCurrent = (info: Info) => Promise<boolean>;

/** A task that was scheduled so long ago by this host's clock is fresh. */
const FRESH_MS = 2_000;
/** Clocks that NTP sets. */
const SKEW_MS = 500;

/**
 * `clock`: ms since 1970, as this host has it. Where it is ahead every such task is asked about; where it is behind, those that seem younger by
 * it than they can be: a task is at most as old as it was when it came, and others have come faster.
 */
export const refuseStale = (isCurrent: IsCurrent, clock: () => number): ActivityInterceptorsFactory => {
  let leastAgeMs = 0;
  return ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        const ageMs = clock() - info.currentAttemptScheduledTimestampMs;
        leastAgeMs = Math.min(leastAgeMs, ageMs);
        const fresh = ageMs >= -SKEW_MS && ageMs - leastAgeMs <= FRESH_MS;
        if (input.headers[FENCE_HEADER] === undefined || fresh) return next(input);
        if (await isCurrent(info).catch((error: unknown) => notAsked(info, error))) return next(input);
        throw ApplicationFailure.create({
          type: 'StaleAttempt',
          message: `attempt ${info.attempt} came too late to this worker and is refused: Temporal has given it up`,
        });
      },
    },
  });
};

/** Of what an earlier attempt did nothing is known here. */
function notAsked({ attempt }: Info, error: unknown): never {
  if (attempt > 1) throw error;
  throw ApplicationFailure.create({
    type: NOT_BEGUN,
    message: `it came late to its worker, which could not ask Temporal whether it still waits for it: nothing was done (${String(error)})`,
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
