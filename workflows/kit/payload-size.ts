/**
 * What a run hands to Temporal has a bound: 2 MiB by the server's default. What is too large would make the workflow task fail, again and again;
 * here it fails the step, or the run, with what it was and how large.
 */
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** Failure type; what it says holds at every attempt. */
const PAYLOAD_TOO_LARGE = 'PayloadTooLarge';
/** Below the server's bound: a codec adds a nonce, a tag, the name of its key and the metadata it encrypts. */
export const MAX_PAYLOAD_BYTES = 2 * 1_024 * 1_024 - 1_024;

/** A failure that is not retried when they are too large together, else null. `what` begins its message. */
export function tooLarge(what: string, ...values: readonly unknown[]): ApplicationFailure | null {
  const bytes = values.reduce<number>((sum, value) => sum + bytesOf(value), 0);
  return bytes <= MAX_PAYLOAD_BYTES
    ? null
    : ApplicationFailure.create({
        type: PAYLOAD_TOO_LARGE,
        message: `${what} has ${bytes} bytes, expected at most ${MAX_PAYLOAD_BYTES}; pass a reference instead`,
        nonRetryable: true,
      });
}

const KEPT_OF_MESSAGE = 1_000;

/** An error that ends a run, or, when it is too large to be recorded, one that says so and how its message begins. */
export function failureThatFits(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const parts: unknown[] = [];
  // A stack repeats the message.
  for (let next: unknown = error; next instanceof Error; next = next.cause)
    parts.push(next.message, next.stack, next instanceof ApplicationFailure ? next.details : null);
  const failure = tooLarge(`the failure of the run (${error.message.slice(0, KEPT_OF_MESSAGE)})`, parts);
  return failure ?? error;
}

const bytesOf = (value: unknown): number => defaultPayloadConverter.toPayload(value).data?.length ?? 0;

/** Loaded by name into the workflow bundle, after all that add to the arguments. Not async: what fits must take no turn more than before. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const { activityType, args, options } = input;
        const step = options.summary === undefined ? '' : `step "${options.summary}": `;
        const failure = tooLarge(`${step}the input of ${activityType}`, ...args);
        return failure === null ? next(input) : Promise.reject(failure);
      },
      scheduleLocalActivity: (input, next) => {
        const failure = tooLarge(`the input of ${input.activityType}`, ...input.args);
        return failure === null ? next(input) : Promise.reject(failure);
      },
      startChildWorkflowExecution: (input, next) => {
        const failure = tooLarge(`the input of run ${input.options.workflowId}`, ...input.options.args);
        return failure === null ? next(input) : Promise.reject(failure);
      },
    },
  ],
});
