/**
 * Interceptor of the runbook worker: an activity under limits is scheduled only while their leases cover it, and takes their fencing
 * tokens along as a header. Everything else passes untouched.
 */
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { FENCE_HEADER } from '../engine/limit-protocol.ts';
import { heldLeases } from './held-leases.ts';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: async (input, next) => {
        const held = heldLeases.getStore();
        if (held === undefined) return next(input);
        const { scheduleToCloseTimeout, startToCloseTimeout } = input.options;
        await held.cover({
          totalMs: msToNumber(scheduleToCloseTimeout ?? 0),
          attemptMs: msToNumber(startToCloseTimeout ?? scheduleToCloseTimeout ?? 0),
        });
        const fences = defaultPayloadConverter.toPayload(held.fences());
        return next({ ...input, headers: { ...input.headers, [FENCE_HEADER]: fences } });
      },
    },
  ],
});
