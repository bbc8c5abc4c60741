/** The three steps as the kit has them, and a wait of a month for the test kit. */
import type { Look } from '../../activities/look.ts';
import { runbook } from '../../workflows/kit/index.ts';

export interface Repair {
  readonly target: string;
}

export interface RepairActivities {
  readonly diagnose: Look<(input: Repair) => Promise<{ readonly sick: boolean }>>;
  readonly remediate: (input: Repair) => Promise<void>;
  readonly confirm: Look<(input: Repair) => Promise<{ readonly well: boolean }>>;
}

export const repairByKit = runbook<Repair, string, RepairActivities>(async ({ target }, run) => {
  const { sick } = await run.check(`is ${target} sick?`, (on) => on.diagnose({ target }));
  if (!sick) return 'already well';
  await run.act(`repair ${target}`, (on) => on.remediate({ target }));
  const well = await run.verify(`is ${target} well?`, (on) => on.confirm({ target }), {
    holds: (seen) => seen.well,
    attempts: 5,
    everyMs: 2_000,
  });
  if (!well) run.escalate(`${target} was repaired and is still sick`);
  return 'repaired';
});

const THIRTY_DAYS_MS = 30 * 86_400_000;

export const waitsForAMonth = runbook<object, string, object>(async (_input, run) => {
  await run.soak('thirty days', THIRTY_DAYS_MS);
  return 'over';
});
