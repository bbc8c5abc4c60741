/** Brings the server's schedules in line with the definitions. Repeating it is harmless, also by several processes at once. */
import type { Logger } from 'pino';
import { planSync } from './plan-sync.ts';
import type { ReadyScheduleDefinition } from './schedule-definition.ts';
import type { ScheduleServer } from './schedule-server.ts';

export interface SyncReport {
  readonly schedule: string;
  readonly did: 'keep' | 'create' | 'append' | 'change' | 'remove';
  readonly why: string;
}

/** `now`: seconds since 1970. A schedule that is ours and no longer defined is removed. Rejects when the server is away. */
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
    await server.remove(id);
    reports.push({ schedule: id, did: 'remove', why: 'it is no longer defined' });
  }
  for (const report of reports) if (report.did !== 'keep') logger.info(report, 'schedule brought in line');
  return reports;
}
