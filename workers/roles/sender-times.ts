/** What a sender's times may be written in: any zone by its name, and its own where it names none. */
import { type ZoneData, zoneDataSource } from '../../activities/calendar/zone-data.ts';
import type { Zone } from '../../activities/calendar/zone.ts';
import type { LocalTimes } from '../../triggers/events/local-time.ts';
import { CommandError, EXIT } from '../exit-code.ts';

let source: (() => ZoneData) | undefined;

/** Throws CommandError when the sender's zone is none. */
export function senderTimes({ name, zone }: { readonly name: string; readonly zone?: string | undefined }): LocalTimes {
  const zones = (source ??= zoneDataSource({ env: process.env }));
  if (zone !== undefined) assertZone(name, zone, zones());
  return { senderZone: zone ?? null, zone: (id) => known(id, zones()) };
}

function assertZone(name: string, zone: string, zones: ZoneData): void {
  try {
    zones.zone(zone);
  } catch (error) {
    throw new CommandError(
      EXIT.refused,
      `sender ${name}, zone: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

/** Whatever is wrong with it: the time that names it is refused. */
function known(id: string, zones: ZoneData): Zone | null {
  try {
    return zones.zone(id);
  } catch {
    return null;
  }
}
