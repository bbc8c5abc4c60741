/**
 * Proof that a step under limits has its turn. A target that remembers the highest token it has seen can refuse whoever comes with a lower
 * one: a step that was thought dead and woke up again.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { FENCE_HEADER, FOREIGN_LEASE, type Fence } from '../workflows/engine/limit-protocol.ts';
import { permanent } from './permanent.ts';
import { processWide } from './process-wide.ts';

const fences = processWide('fences', () => new AsyncLocalStorage<readonly Fence[]>());

/**
 * Grows with every step that gets a slot of the same limit and scope; null when the step is under none. Call inside an activity only.
 * `limit`: needed when the step is under several.
 */
export function fencingToken(limit?: string): number | null {
  const own = (fences.getStore() ?? []).filter((fence) => limit === undefined || fence.limit === limit);
  if (own.length > 1)
    throw permanent(
      'SeveralLimits',
      `the step is under several limits: ${own.map((fence) => fence.limit).join(', ')}; say which token is meant`,
    );
  return own[0]?.token ?? null;
}

/** For a command's environment: `limit/scope:token`, one for each limit, separated by spaces; empty when there is none. */
export const fencingText = (): string =>
  (fences.getStore() ?? [])
    .map(({ limit, scope, token }) => `${limit}/${encodeURIComponent(scope)}:${token}`)
    .join(' ');

/** Refuses, before anything is done, an activity that comes with what another run of its workflow was given: the run was reset. */
export const fenceActivities: ActivityInterceptorsFactory = (context: Context) => ({
  inbound: {
    execute: async (input, next) => {
      const header = input.headers[FENCE_HEADER];
      if (header === undefined) return next(input);
      const given = defaultPayloadConverter.fromPayload<readonly Fence[]>(header);
      const runId = context.info.workflowExecution?.runId;
      const foreign = given.find((fence) => fence.runId !== runId);
      if (foreign !== undefined)
        throw permanent(
          FOREIGN_LEASE,
          `limit ${foreign.limit} (${foreign.scope}): the slot was given to run ${foreign.runId}; this run asks for its own`,
        );
      return fences.run(given, () => next(input));
    },
  },
});
