/** Brings the server's schedules in line with the definitions. Repeating it is harmless, also by several processes at once. */
import type { Logger } from 'pino';
import { planSync } from './plan-sync.ts';
import type { ReadyScheduleDefinition } from './schedule-definition.ts';
import type { ScheduleServer } from './schedule-server.ts';

export interface SyncReport {
  readonly schedule: string;
  readonly did: 'keep' | 'create' | 'append' | 'change' | 'orphan';
  readonly why: string;
}

/**
 * `now`: seconds since 1970. A schedule that nobody defines here is named and left alone: another process may define it. Rejects when the
 * server is away.
 */
export async function syncSchedules(
  server: ScheduleServer,
  definitions: readonly ReadyScheduleDefinition[],
  now: number,
  logger: Logger,
): Promise<SyncReport[]> {
  const reports: SyncReport[] = [];
  for (const ready of definitions) {
    const { id } = ready.definition;
    const plan = planSync(ready, await server.read(id), now);
    if (plan.kind === 'create') await server.create(plan.compiled);
    if (plan.kind === 'append' || plan.kind === 'change') {
      await server.update(plan.compiled);
      if (plan.backfill !== null) await server.backfill(id, plan.backfill.from, plan.backfill.to);
    }
    reports.push({ schedule: id, did: plan.kind, why: 'why' in plan ? plan.why : '' });
  }
  const defined = new Set(definitions.map(({ definition }) => definition.id));
  for (const id of await server.list()) {
    if (defined.has(id)) continue;
    reports.push({ schedule: id, did: 'orphan', why: 'it is not defined here; `tocsin schedule remove` ends it' });
  }
  for (const report of reports) {
    if (report.did === 'orphan') logger.warn(report, 'a schedule fires that is not defined here');
    else if (report.did !== 'keep') logger.info(report, 'schedule brought in line');
  }
  return reports;
}
