import type { ServiceActivities } from '../../../../activities/services.ts';
import { runbook } from '../../../../workflows/kit/index.ts';

interface Input {
  readonly service: string;
  /** Never there. */
  readonly missing: { readonly name: string };
}

/** Has a mistake after its first effect. */
export const breaksOff = runbook<Input, string, ServiceActivities>(async ({ service, missing }, run) => {
  await run.act(`take ${service} out of rotation`, (on) => on.takeOutOfRotation({ service }), {
    undo: (on) => on.putBackInRotation({ service }),
  });
  return missing.name;
});
