/** Which release of the zone data is there now. Hosts of different releases may disagree about local time. */
import { openZoneData } from '../activities/calendar/zone-data.ts';

export const tzVersion = (): string => openZoneData({ env: process.env }).tzdb;
