/**
 * Clear a disk that is full: look, delete what the configuration allows, one rule after another until there is room, look again; call a human
 * if it stays full. What is deleted cannot be brought back, so no step has an undo.
 */
import type { DiskActivities } from '../activities/disks.ts';
import { runbook } from './kit/index.ts';

export interface ClearDiskInput {
  /** Name of a host of the inventory; anything else is refused by the worker. */
  readonly host: string;
  /** Mount point; one that the configuration does not name is refused by the worker. */
  readonly path: string;
}

export interface ClearDiskReport {
  readonly outcome: 'not-full' | 'cleared';
  readonly host: string;
  readonly path: string;
  readonly usedPercentBefore: number;
  readonly usedPercentAfter: number;
  /** Rules that were applied. */
  readonly applied: readonly string[];
  /** Markdown. */
  readonly report: string;
}

const LONG = { attemptMs: 300_000, totalMs: 1_200_000, heartbeatMs: 15_000 };

export const clearDisk = runbook<ClearDiskInput, ClearDiskReport, DiskActivities>(async ({ host, path }, run) => {
  const disk = `${path} of ${host}`;
  const seen = await run.check(`how full is ${disk}?`, (on) => on.observeDisk({ host, path }), {
    // By how much it is full may change; that it is, and what may be done, may not.
    significant: ({ full, rules }) => ({ full, rules }),
  });
  const measured = { host, path, usedPercentBefore: seen.usedPercent };
  if (!seen.full)
    return { ...measured, outcome: 'not-full', usedPercentAfter: seen.usedPercent, applied: [], report: run.report() };

  run.note('what is deleted cannot be brought back: there is no undo');
  let now = seen;
  const applied: string[] = [];
  for (const rule of seen.rules) {
    await run.act(`clear ${disk}: ${rule}`, (on) => on.clearByRule({ host, path, rule }), {
      ...LONG,
      assumed: { files: null, bytes: null },
    });
    applied.push(rule);
    now = await run.check(`how full is ${disk} after ${rule}?`, (on) => on.observeDisk({ host, path }));
    if (!now.full) break;
  }
  if (now.full) {
    const clear = await run.verify(`has ${disk} room again?`, (on) => on.observeDisk({ host, path }), {
      holds: (last) => {
        now = last;
        return !last.full;
      },
      attempts: 2,
      everyMs: 2_000,
    });
    if (!clear)
      run.escalate(
        `${disk} is ${now.usedPercent}% full after ${applied.join(', ')} (${seen.usedPercent}% before); nothing else may be deleted there`,
      );
  }
  return { ...measured, outcome: 'cleared', usedPercentAfter: now.usedPercent, applied, report: run.report() };
});
