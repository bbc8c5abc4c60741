/**
 * Times that senders write with a zone's name (`2026-11-24T02:30:00[America/Vancouver]`, RFC 9557) or with none, so that the sender's own
 * zone counts. A reading that clocks skip is taken as if they had not moved yet, one that occurs twice as its first, as RFC 5545 says.
 */
import { DAY, HOUR, MINUTE, daysFromCivil, isDate } from '../../activities/calendar/civil.ts';
import { instantText } from '../../activities/calendar/instant-text.ts';
import { type Zone, readLocal } from '../../activities/calendar/zone.ts';

export interface LocalTimes {
  /** What a text without offset and zone means; null: it is refused. */
  readonly senderZone: string | null;
  /** Null: no such zone, or its data cannot be read. */
  zone(id: string): Zone | null;
}

export type ReadLocalTime =
  /** RFC 3339 text, or whatever else it was: to be read as before. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: 'time-zone-unknown' | 'time-contradicts-zone' };

/** Up to the zone: date, time, parts of a second, offset. */
const WRITTEN = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([Zz]|[+-]\d\d:?\d\d)?/;
const READING = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?$/;
/** `[Zone]`, `[!Zone]` (must agree), or a space and the name; further `[key=value]` say nothing about when. */
const SUFFIX = /^(?:\[(!)?([A-Za-z][\w+/-]*)\]| ([A-Z][\w+-]*(?:\/[\w+-]+)+|UTC))?(?:\[!?[a-z][\w-]*=[\w-]+\])*$/;

export function withOffset(given: string, times: LocalTimes | undefined): ReadLocalTime {
  const text = given.trim();
  const [whole = '', reading = '', offset] = WRITTEN.exec(text) ?? [];
  const suffix = SUFFIX.exec(text.slice(whole.length));
  if (whole === '' || suffix === null) return { kind: 'text', text: given };
  const named = suffix[2] ?? suffix[3] ?? null;
  // The offset says when; a zone beside it only where.
  if (offset !== undefined && (named === null || times === undefined)) return { kind: 'text', text: whole };
  const id = named ?? times?.senderZone ?? null;
  if (id === null || times === undefined) return { kind: 'text', text: given };
  const zone = times.zone(id);
  if (offset !== undefined)
    return suffix[1] === undefined ? { kind: 'text', text: whole } : agreeing(whole, reading, offset, zone);
  if (zone === null) return { kind: 'refused', reason: 'time-zone-unknown' };
  return { kind: 'text', text: inZone(reading, zone) ?? given };
}

/** `!` asks to refuse an offset that the zone does not have at that time. */
function agreeing(whole: string, reading: string, offset: string, zone: Zone | null): ReadLocalTime {
  if (zone === null) return { kind: 'refused', reason: 'time-zone-unknown' };
  const wall = wallOf(reading);
  if (wall === null || /^[Zz]$/.test(offset)) return { kind: 'text', text: whole };
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? [];
  const east = (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE);
  const agrees = readLocal(zone, wall.seconds).instants.includes(wall.seconds - east);
  return agrees ? { kind: 'text', text: whole } : { kind: 'refused', reason: 'time-contradicts-zone' };
}

/** RFC 3339 in UTC; null for a date or time of day that does not exist. */
function inZone(reading: string, zone: Zone): string | null {
  const wall = wallOf(reading);
  if (wall === null) return null;
  const { instants, gap } = readLocal(zone, wall.seconds);
  const instant = instants[0] ?? gap?.shifted;
  return instant === undefined ? null : `${instantText(instant).slice(0, -1)}${wall.fraction}Z`;
}

function wallOf(reading: string): { readonly seconds: number; readonly fraction: string } | null {
  const match = READING.exec(reading);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (!isDate({ year, month, day }) || hour > 23 || minute > 59 || second > 60) return null;
  // A leap second is the last second of its minute, as everywhere here.
  const seconds = daysFromCivil(year, month, day) * DAY + hour * HOUR + minute * MINUTE + Math.min(second, 59);
  return { seconds, fraction: match[7] ?? '' };
}
