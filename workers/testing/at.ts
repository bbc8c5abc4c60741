/** Instants of tests as people write them, with offset and zone, so that a transition can be named to the minute. */
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { readInstantText, zonedText } from '../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';

const ZONED = /^(.*?T\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:\d\d)(?:\[([^\]]+)\])?$/;

/**
 * Ms since 1970.
 *
 * @example at('2027-03-28T01:30+01:00[Europe/Berlin]')
 * @throws CalendarError when it is no such text, the zone is unknown, or has another offset then
 */
export function at(text: string): number {
  const [, minutes, seconds = ':00', offset, zone] = ZONED.exec(text) ?? [];
  if (minutes === undefined)
    throw new CalendarError(
      'bad-instant',
      `${JSON.stringify(text)} is no instant; expected one like 2027-03-28T01:30+01:00[Europe/Berlin]`,
    );
  const instant = readInstantText(`${minutes}${seconds}${offset}`);
  if (zone !== undefined) assertOffset(instant, text, zone, `${minutes}${seconds}${offset}`);
  return instant * 1_000;
}

function assertOffset(instant: number, text: string, name: string, local: string): void {
  const zone = openZoneData({ env: process.env }).zone(name);
  const right = zonedText(instant, zone.periodAt(instant).offset, name);
  if (right !== `${local.replace(/Z$/, '+00:00')}[${name}]`)
    throw new CalendarError('bad-instant', `${text} is not so: that instant is ${right}`);
}
