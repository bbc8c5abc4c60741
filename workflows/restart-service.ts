/** Restart a service that fails its health check: look, restart, look again; put back and call a human if it stays sick. */
import type { ServiceActivities } from '../activities/services.ts';
import { runbook } from './kit/index.ts';

export interface RestartServiceInput {
  /** Name of a service of the inventory; anything else is refused by the worker. */
  readonly service: string;
}

export interface RestartServiceReport {
  readonly outcome: 'already-healthy' | 'restarted';
  readonly service: string;
  /** What was seen first. */
  readonly seen: string;
  /** False: another instance ran by then; the notes of the report say more. */
  readonly restarted: boolean;
  /** Markdown. */
  readonly report: string;
}

const PERHAPS_BEFORE = ', perhaps started by an attempt before, of which nothing was heard';

export const restartService = runbook<RestartServiceInput, RestartServiceReport, ServiceActivities>(
  async ({ service }, run) => {
    const seen = await run.check(`is ${service} still sick?`, (on) => on.observeService({ service }), {
      // How it is sick may change in its words; that it is, and which instance, may not.
      significant: ({ healthy, invocation, rotation }) => ({ healthy, invocation, rotation }),
    });
    if (seen.healthy)
      return { outcome: 'already-healthy', service, seen: seen.detail, restarted: false, report: run.report() };

    if (seen.rotation) {
      await run.act(`take ${service} out of rotation`, (on) => on.takeOutOfRotation({ service }), {
        undo: (on) => on.putBackInRotation({ service }),
      });
    }
    const { restarted, perhapsBefore = false } = await run.act(
      `restart ${service}`,
      (on) => on.restartUnit({ service, invocation: seen.invocation }),
      { heartbeatMs: 20_000, assumed: { restarted: true } },
    );
    if (!restarted) run.note(`another instance of ${service} runs${perhapsBefore ? PERHAPS_BEFORE : ''}`);
    const healthy = await run.verify(
      `does ${service} answer its health check?`,
      (on) => on.observeService({ service }),
      {
        holds: (observed) => observed.healthy,
        attempts: 5,
        everyMs: 2_000,
      },
    );
    if (!healthy) run.escalate(`${service} was restarted and is still sick: ${seen.detail}`);

    if (seen.rotation) await run.act(`put ${service} back in rotation`, (on) => on.putBackInRotation({ service }));
    return { outcome: 'restarted', service, seen: seen.detail, restarted, report: run.report() };
  },
);
