/** One wave of `patchFleet`: look, take out of rotation, patch, restart, look again, put back. */
import type { ServiceActivities } from '../activities/services.ts';
import { type WaveInput, type WaveReport, rollWave, runbook } from './kit/index.ts';

export const patchWave = runbook<WaveInput, WaveReport, ServiceActivities>((wave, run) =>
  rollWave(run, wave, {
    treat: async (there, { name: service }) => {
      const seen = await there.check(`how is ${service}?`, (on) => on.observeService({ service }), {
        significant: ({ healthy, invocation, rotation }) => ({ healthy, invocation, rotation }),
      });
      // A patch would hide why it is sick, and count as the cause.
      if (!seen.healthy) there.escalate(`${service} was sick before it was patched: ${seen.detail}`);
      if (seen.rotation)
        await there.act(`take ${service} out of rotation`, (on) => on.takeOutOfRotation({ service }), {
          undo: (on) => on.putBackInRotation({ service }),
        });
      const observed = { service, invocation: seen.invocation };
      await there.act(`patch ${service}`, (on) => on.patchService(observed), { assumed: { patched: true } });
      await there.act(`restart ${service}`, (on) => on.restartUnit(observed), {
        heartbeatMs: 20_000,
        assumed: { restarted: true },
      });
      const well = await there.verify(`does ${service} answer?`, (on) => on.observeService({ service }), {
        holds: ({ healthy }) => healthy,
        attempts: 5,
        everyMs: 2_000,
      });
      if (!well) there.escalate(`${service} was patched and does not answer`);
      if (seen.rotation) await there.act(`put ${service} back in rotation`, (on) => on.putBackInRotation({ service }));
    },
    verify: async (there, { name: service }) => {
      const { healthy } = await there.check(`is ${service} still well?`, (on) => on.observeService({ service }));
      return healthy;
    },
  }),
);
