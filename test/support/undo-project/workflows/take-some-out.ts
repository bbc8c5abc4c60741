import type { ServiceActivities } from '../../../../activities/services.ts';
import { fanOut, runbook } from '../../../../workflows/kit/index.ts';

/** One effect for each service side by side; when one of them fails, those of the others are undone. */
export const takeSomeOut = runbook<{ readonly services: readonly string[] }, void, ServiceActivities>(
  async ({ services }, run) => {
    const parts = await fanOut(services, (service) =>
      run.act(`take ${service} out of rotation`, (on) => on.takeOutOfRotation({ service }), {
        retry: 'quick',
        undo: (on) => on.putBackInRotation({ service }),
      }),
    );
    const failed = parts.filter(({ ok }) => !ok).map(({ item }) => item);
    if (failed.length > 0) run.escalate(`${failed.join(', ')} of ${parts.length} services could not be taken out`);
  },
);
