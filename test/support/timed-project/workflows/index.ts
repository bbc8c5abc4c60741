/** Front door of an installation that acts on the instants of schedules, and within a window that is always open. */
import { runbook } from '../../../../workflows/kit/index.ts';
import type { Noted, TimedActs } from '../activities/index.ts';

export { restartService } from '../../../../workflows/restart-service.ts';

export const noteInstant = runbook<Noted, string, TimedActs>(async (input, run) => {
  await run.act(`note ${input.schedule}`, (on) => on.note(input));
  return `noted ${input.schedule}/${input.nominal}`;
});

export const noteInWindow = runbook<Noted, string, TimedActs>(async (input, run) => {
  await run.inWindow('always', { needMs: 1_000, jitterMs: 0 }, () =>
    run.act(`note ${input.schedule}`, (on) => on.note(input)),
  );
  return `noted ${input.schedule}/${input.nominal}`;
});
