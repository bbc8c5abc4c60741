/** Brings the server's schedules in line with the definitions. Repeating it is harmless, also by several processes at once. */
import type { Logger } from 'pino';
import { type SyncPlan, planSync } from './plan-sync.ts';
import { type ReadDefinitions, type ReadyScheduleDefinition, calendarProblem } from './schedule-definition.ts';
import type { ScheduleServer } from './schedule-server.ts';

export interface SyncReport {
  readonly schedule: string;
  /** `unreadable`: what is compiled of it goes on. */
  readonly did: 'keep' | 'create' | 'append' | 'change' | 'orphan' | 'unreadable';
  readonly why: string;
}

/**
 * `now`: seconds since 1970. A schedule that nobody defines here is named and left alone: another process may define it. So is one that
 * cannot be read, and the others are brought in line. Rejects when the server is away.
 */
export async function syncSchedules(
  server: ScheduleServer,
  { ready, unreadable }: ReadDefinitions,
  now: number,
  logger: Logger,
): Promise<SyncReport[]> {
  const reports = unreadable.map(({ id, why }): SyncReport => ({ schedule: id, did: 'unreadable', why }));
  for (const each of ready) reports.push(await syncSchedule(server, each, now));
  const defined = new Set(reports.map(({ schedule }) => schedule));
  for (const id of await server.list()) {
    if (defined.has(id)) continue;
    reports.push({ schedule: id, did: 'orphan', why: 'it is not defined here; `tocsin schedule remove` ends it' });
  }
  for (const report of reports) {
    if (report.did === 'orphan') logger.warn(report, 'a schedule fires that is not defined here');
    else if (report.did === 'unreadable')
      logger.error(report, `schedule ${report.schedule} cannot be read; what is compiled of it goes on`);
    else if (report.did !== 'keep') logger.info(report, 'schedule brought in line');
  }
  return reports;
}

async function syncSchedule(server: ScheduleServer, ready: ReadyScheduleDefinition, now: number): Promise<SyncReport> {
  const { id } = ready.definition;
  const stored = await server.read(id);
  let plan: SyncPlan;
  try {
    plan = planSync(ready, stored, now);
  } catch (error) {
    return { schedule: id, did: 'unreadable', why: calendarProblem(error) };
  }
  if (plan.kind === 'create') await server.create(plan.compiled);
  if (plan.kind === 'append' || plan.kind === 'change') {
    await server.update(plan.compiled);
    if (plan.backfill !== null) await server.backfill(id, plan.backfill.from, plan.backfill.to);
  }
  return { schedule: id, did: plan.kind, why: 'why' in plan ? plan.why : '' };
}
