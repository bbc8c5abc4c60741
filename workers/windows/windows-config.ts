/** The windows of an installation, from its configuration and the zone data of this machine. */
import { zoneDataSource } from '../../activities/calendar/zone-data.ts';
import type { WindowDefinitions } from '../../activities/windows/window-definitions.ts';
import { readFreeze } from '../../activities/windows/holiday-list.ts';
import { type Windows, createWindows } from '../../activities/windows/windows.ts';
import type { Config } from '../config-schema.ts';
import { zoneOf as zoneOfRegion } from '../regions.ts';
import { holidaySource } from './holiday-source.ts';

export const configuredWindows = (config: Config): Windows =>
  createWindows(windowDefinitions(config), zoneDataSource({ env: process.env }), zoneOf(config));

export const windowDefinitions = ({ windows, holidays, freezes }: Config): WindowDefinitions => ({
  windows,
  holidays: Object.fromEntries(Object.entries(holidays).map(([name, each]) => [name, holidaySource(each)])),
  freezes: freezes.map(readFreeze),
});

/** Of a region of the configuration, for windows that name no zone themselves. */
export const zoneOf =
  (config: Pick<Config, 'places'>) =>
  (region: string): string | undefined =>
    zoneOfRegion(config, region) ?? undefined;
