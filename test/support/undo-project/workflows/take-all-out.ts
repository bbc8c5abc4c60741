import type { ServiceActivities } from '../../../../activities/services.ts';
import { runbook } from '../../../../workflows/kit/index.ts';

/** One effect for each service, in the order given; then a human is called, and all of it is undone. */
export const takeAllOut = runbook<{ readonly services: readonly string[] }, void, ServiceActivities>(
  async ({ services }, run) => {
    for (const service of services)
      await run.act(`take ${service} out of rotation`, (on) => on.takeOutOfRotation({ service }), {
        // When a worker is gone, its attempt counts as lost after this.
        attemptMs: 10_000,
        undo: (on) => on.putBackInRotation({ service }),
      });
    run.escalate('somebody has to look');
  },
);
