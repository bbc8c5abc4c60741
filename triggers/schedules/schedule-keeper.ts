/**
 * Keeps the server's schedules in line while the process runs: at once, when the zone data changes, and once a day, so that the calendars
 * never run out. It never ends by itself; while the server is away it tries again.
 */
import type { Logger } from 'pino';
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import { type ScheduleDefinition, readyDefinition } from './schedule-definition.ts';
import type { ScheduleServer } from './schedule-server.ts';
import { syncSchedules } from './sync-schedules.ts';

export interface ScheduleKeeperOptions {
  readonly server: ScheduleServer;
  readonly definitions: readonly ScheduleDefinition[];
  /** The zone data as it is now. */
  readonly zones: () => ZoneData;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface ScheduleKeeper {
  start(): void;
  /** False while the last attempt failed: the server is away, or a definition cannot be read any more. */
  inLine(): boolean;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 60_000;
const RETRY_MS = 5_000;
const DAILY_MS = 86_400_000;

export function createScheduleKeeper(options: ScheduleKeeperOptions): ScheduleKeeper {
  const { server, definitions, zones, logger } = options;
  const now = options.now ?? Date.now;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  let last: { readonly tzdb: string; readonly at: number } | null = null;

  const look = async (): Promise<void> => {
    const data = zones();
    if (last !== null && last.tzdb === data.tzdb && now() - last.at < DAILY_MS) return;
    const ready = definitions.map((definition) => readyDefinition(definition, data));
    await syncSchedules(server, ready, Math.floor(now() / 1_000), logger);
    last = { tzdb: data.tzdb, at: now() };
  };
  const again = async (): Promise<void> => {
    let next = LOOK_EVERY_MS;
    try {
      await look();
    } catch (error) {
      last = null;
      next = RETRY_MS;
      logger.warn(
        { err: error },
        'schedules could not be brought in line, will be tried again; what is compiled goes on',
      );
    }
    if (!closed) timer = setTimeout(begin, next);
  };
  const begin = (): void => {
    running = again();
  };
  return {
    start: begin,
    inLine: () => last !== null,
    close: () => {
      closed = true;
      clearTimeout(timer);
      return running;
    },
  };
}
