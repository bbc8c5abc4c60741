/** Tells by which release of the zone data this process decides: a line in its log and its metric, at the start and when another one is installed. */
import type { Logger } from 'pino';
import type { ZoneData } from '../activities/calendar/zone-data.ts';

export interface ZoneDataWatchOptions {
  /** The zone data as it is now. */
  readonly zones: () => ZoneData;
  /** Of Tocsin. */
  readonly version: string;
  readonly logger: Logger;
  readonly onRelease: (tzdb: string) => void;
}

const LOOK_EVERY_MS = 60_000;

/** Throws when there is no zone data at all. */
export function watchZoneData({ zones, version, logger, onRelease }: ZoneDataWatchOptions): { close(): void } {
  let known = zones();
  let fault: string | null = null;
  const tell = (was: string | null): void => {
    const { tzdb, origin } = known;
    onRelease(tzdb);
    if (was === null) logger.info({ version, tzdb, origin }, `tocsin ${version} decides by zone data ${tzdb}`);
    else logger.info({ version, tzdb, was, origin }, `zone data was read again: ${tzdb}, before ${was}`);
  };
  const look = (): void => {
    try {
      const current = zones();
      fault = null;
      if (current === known) return;
      const was = known.tzdb;
      known = current;
      tell(was);
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      if (found !== fault) logger.error({ err: error }, 'zone data cannot be read; what stands on local time waits');
      fault = found;
    }
  };
  tell(null);
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return { close: () => clearInterval(timer) };
}
