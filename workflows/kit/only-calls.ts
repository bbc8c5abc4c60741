/** Activities that can be called only as was approved: these calls, with these inputs, in this order, each once. */
import { ApplicationFailure } from '@temporalio/workflow';
import { asJson, canonical } from './canonical.ts';
import type { PlannedCall } from './plan.ts';
import type { Activities } from './step-activities.ts';

export function onlyCalls<Acts extends Activities<Acts>>(on: Acts, calls: readonly PlannedCall[]): Acts {
  let made = 0;
  const call = (activity: string, input: unknown): Promise<unknown> => {
    const next = calls[made];
    made += 1;
    const allowed = next?.activity === activity && canonical(next.input) === canonical(asJson(input));
    if (!allowed)
      throw ApplicationFailure.nonRetryable(
        `${activity} ${canonical(asJson(input))} is not what was approved; an effect may not look into what its own calls return: make it two`,
        'NotApproved',
      );
    const activities = on as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
    return activities[activity]?.(input) ?? Promise.resolve();
  };
  return new Proxy(Object.create(null) as object, {
    get: (_target, activity) => async (input: unknown) => call(String(activity), input),
  }) as Acts;
}
