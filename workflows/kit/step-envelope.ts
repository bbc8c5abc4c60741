/**
 * Moves what steps carry along (the run, its log attributes, fencing tokens, the window) out of the activity's headers and into a last
 * argument: Temporal's codec encrypts arguments and leaves headers in clear. The last interceptor of the runbook worker that adds anything; a region's
 * worker takes the argument away again before anything else sees it.
 */
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** Only key of the last argument; its value has the content of each header by name. */
export const STEP_ENVELOPE = 'tocsin-envelope';
/** Headers of others, as those of tracing, stay where they are. */
const OWN_PREFIX = 'tocsin-';

/** Loaded by name into the workflow bundle. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const all = Object.entries(input.headers);
        const own = all.filter(([name]) => name.startsWith(OWN_PREFIX));
        if (own.length === 0) return next(input);
        const content = own.map(([name, payload]) => [name, defaultPayloadConverter.fromPayload<unknown>(payload)]);
        return next({
          ...input,
          args: [...input.args, { [STEP_ENVELOPE]: Object.fromEntries(content) as Record<string, unknown> }],
          headers: Object.fromEntries(all.filter(([name]) => !name.startsWith(OWN_PREFIX))),
        });
      },
    },
  ],
});
