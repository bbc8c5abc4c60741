/** Role `trigger`: for each region, events become runs, and closed runs become records. */
import { triggers } from '../../triggers/index.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { durationMs } from '../config.ts';
import { regionPath } from '../region-path.ts';
import type { TemporalConnection } from '../temporal-connection.ts';
import { type RoleContext, drainMs } from './role-context.ts';

export interface TriggerRoleOptions {
  readonly regions: readonly string[];
  readonly log: EventLog;
  readonly temporal: TemporalConnection;
  readonly onRecorded?: (region: string, record: EventRecord) => void;
}

export function startTriggerRole(context: RoleContext, options: TriggerRoleOptions): void {
  const { config, logger, lifecycle, metrics, health, instance } = context;
  const { log, temporal } = options;
  const engine = createEngine(temporal);
  for (const region of options.regions) {
    const process = createTriggerProcess({
      ...regionPath(region, log),
      regions: config.regions,
      engine,
      triggers,
      options: {
        reorderBoundMs: durationMs(config.trigger.reorderBound),
        maxInFlight: config.trigger.maxInFlight,
        ackWaitMs: durationMs(config.trigger.ackWait),
      },
      instance,
      logger: logger.child({ part: 'trigger' }),
      onRecorded: (record) => {
        metrics.recorded(region, record);
        options.onRecorded?.(region, record);
      },
      onCondition: metrics.condition,
    });
    process.start();
    lifecycle.onClose(`trigger process ${region}`, drainMs(config), (deadlineMs) => process.close(deadlineMs));
    health.addCheck(`trigger ${region}`, () => process.ready());
    metrics.watchRegion(region, log);
  }
}
