/** Role `trigger`: for each region, events become runs, and closed runs become records. */
import { zoneDataSource } from '../../activities/calendar/zone-data.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { createClockWatch } from '../../triggers/path/clock-watch.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createRecentRuns } from '../../triggers/path/recent-runs.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { createStaleCheck } from '../../triggers/path/stale-check.ts';
import { createSweeper } from '../../triggers/path/sweeper.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { createScheduleKeeper } from '../../triggers/schedules/schedule-keeper.ts';
import { createTemporalSchedules } from '../../triggers/schedules/temporal-schedules.ts';
import { durationMs } from '../config.ts';
import { createWindowRelease } from '../../triggers/path/window-release.ts';
import { alertSources } from '../alert-sources.ts';
import { configuredWindows } from '../windows/windows-config.ts';
import { lateNotices, loopNotices } from '../notify/run-notices.ts';
import { startNotifier } from '../notify/start-notifier.ts';
import { regionPath } from '../region-path.ts';
import { regionRules } from '../regions.ts';
import { scheduleDefinitions } from '../schedule-config.ts';
import { temporalClockAheadMs } from '../temporal-clock.ts';
import { type TemporalAccess, letIn } from '../temporal-access.ts';
import type { RoleConnection } from '../connect.ts';
import { type RoleContext, drainMs } from './role-context.ts';
import { project } from '../project.ts';

export interface TriggerRoleOptions {
  readonly regions: readonly string[];
  readonly log: EventLog;
  readonly temporal: RoleConnection;
  readonly access: TemporalAccess;
  /** Workers of this process share `temporal`, and take any run: the first task of a run comes with its start. */
  readonly eager?: boolean;
  readonly onRecorded?: (region: string, record: EventRecord) => void;
}

/** Bound on waiting for a sweep in progress. */
const SWEEP_MS = 10_000;

/** Resolves when all have begun; each has compared its clock with its region's NATS server first. */
export async function startTriggerRole(context: RoleContext, options: TriggerRoleOptions): Promise<void> {
  const { config, logger, lifecycle, metrics, health, instance } = context;
  const { log, temporal, access } = options;
  const engine = letIn(
    createEngine({ ...temporal, regions: regionRules(config), eager: options.eager === true }),
    access,
  );
  const runs = createRuns(temporal);
  const clocks = await startClocks(context, options);
  const now = clocks[0]?.clock.now;
  const recent = createRecentRuns({ runs, withinMs: durationMs(config.loops.within), logger, ...(now && { now }) });
  keepSchedules(context, temporal);
  const notifier = startNotifier(context, options);
  for (const { region, clock } of clocks) {
    // By a clock that is days ahead every alert would come too late, and no failed run would be looked for.
    const path = { ...regionPath(region, log), now: clock.now };
    const process = createTriggerProcess({
      ...path,
      regions: config.regions,
      engine,
      recent,
      triggers: project.triggers,
      windows: clock.windows,
      latest: clock.latest,
      options: {
        reorderBoundMs: durationMs(config.trigger.reorderBound),
        maxInFlight: config.trigger.maxInFlight,
        catchUpPerMinute: config.trigger.catchUpPerMinute,
        ackWaitMs: durationMs(config.trigger.ackWait),
      },
      instance,
      logger: logger.child({ part: 'trigger' }),
      onRecorded: (record) => {
        metrics.recorded(region, record);
        for (const notice of [...loopNotices(region, record), ...lateNotices(region, record)]) notifier.notify(notice);
        options.onRecorded?.(region, record);
      },
      onGivenBack: (meaning) => metrics.pathError(region, meaning),
      onCondition: metrics.condition,
    });
    process.start();
    lifecycle.onClose(`trigger process ${region}`, drainMs(config), (deadlineMs) => process.close(deadlineMs));
    const release = createWindowRelease({
      ...path,
      windows: clock.windows,
      perMinute: config.trigger.catchUpPerMinute,
      logger: logger.child({ part: 'windows' }),
    });
    release.start();
    lifecycle.onClose(`held by windows ${region}`, SWEEP_MS, () => release.close());
    const staleCheck = createStaleCheck({
      ...path,
      latest: clock.latest,
      sources: alertSources(config, region, clock.now),
      perMinute: config.trigger.catchUpPerMinute,
      logger: logger.child({ part: 'late events' }),
    });
    staleCheck.start();
    lifecycle.onClose(`late events ${region}`, SWEEP_MS, () => staleCheck.close());
    health.addCheck(`trigger ${region}`, () => process.ready(), access.refused);
    metrics.watchRegion(region, { ...path, triggers: project.triggers });
    const sweeper = createSweeper({
      ...path,
      runs,
      engine: region === config.regions[0],
      everyMs: durationMs(config.sweeper.every),
      windowMs: durationMs(config.sweeper.window),
      logger: logger.child({ part: 'sweeper' }),
      onSwept: () => metrics.swept(region),
      onFailed: (record) => {
        metrics.runFailed(region, record.trigger ?? '', record.outcome);
      },
    });
    sweeper.start();
    lifecycle.onClose(`sweeper ${region}`, SWEEP_MS, () => sweeper.close());
  }
}

/** One for each region, compared with its NATS server. */
function startClocks({ config, logger, lifecycle }: RoleContext, { regions, log }: TriggerRoleOptions) {
  const startClock = async (region: string) => {
    const clock = createClockWatch({
      log,
      stream: eventStream(region),
      windows: configuredWindows(config),
      logger: logger.child({ part: 'windows' }),
    });
    await clock.start();
    lifecycle.onClose(`clock ${region}`, SWEEP_MS, () => clock.close());
    return { region, clock };
  };
  return Promise.all(regions.map(startClock));
}

/** Every trigger process does it; repeating it changes nothing. */
function keepSchedules({ config, logger, lifecycle }: RoleContext, temporal: RoleConnection): void {
  const { client, namespace } = temporal;
  const keeper = createScheduleKeeper({
    server: createTemporalSchedules(client, namespace),
    definitions: scheduleDefinitions(config),
    zones: zoneDataSource({ env: process.env }),
    logger: logger.child({ part: 'schedules' }),
    serverAheadMs: () => temporalClockAheadMs(temporal),
  });
  keeper.start();
  lifecycle.onClose('schedules', SWEEP_MS, () => keeper.close());
}
