/** Which release of the zone data this process decides by. Hosts of different releases may disagree about local time. */
import { openZoneData } from '../activities/calendar/zone-data.ts';

export const tzVersion = (): string => openZoneData({ env: process.env }).tzdb;
