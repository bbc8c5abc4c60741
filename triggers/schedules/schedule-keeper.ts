/**
 * Keeps the server's schedules in line while the process runs: at once, when the zone data changes, and once a day, so that the calendars
 * never run out. It never ends by itself; while the server is away it tries again. A definition that cannot be read is named and left
 * alone until it can be read again.
 */
import type { Logger } from 'pino';
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import { type ScheduleDefinition, readDefinitions } from './schedule-definition.ts';
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
  /**
   * The clock of the server that fires less ours, ms: by a clock that is ahead, instants that are still to come would be left out or filled
   * in early. Null: it did not say just now, and it is asked again before anything is compiled.
   */
  readonly serverAheadMs?: () => Promise<number | null>;
}

export interface ScheduleKeeper {
  start(): void;
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
  let last: { readonly data: ZoneData; readonly at: number; readonly unreadable: string } | null = null;

  const look = async (): Promise<void> => {
    const data = zones();
    const read = readDefinitions(definitions, data);
    const unreadable = JSON.stringify(read.unreadable);
    const same = last?.data === data && last.unreadable === unreadable;
    if (last !== null && same && now() - last.at < DAILY_MS) return;
    const { serverAheadMs } = options;
    const aheadMs = read.ready.length === 0 || serverAheadMs === undefined ? 0 : await serverAheadMs();
    if (aheadMs === null) throw new Error('the Temporal server did not tell its time');
    await syncSchedules(server, read, Math.floor((now() + aheadMs) / 1_000), logger);
    last = { data, at: now(), unreadable };
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
    close: () => {
      closed = true;
      clearTimeout(timer);
      return running;
    },
  };
}
