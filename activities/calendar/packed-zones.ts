/** Reads the packed zone data of `moment-timezone` (its documented base-60 form) into the same records as TZif files. */
import { CalendarError } from './calendar-error.ts';
import { DAY, civilFromDays, daysFromCivil, floorDiv } from './civil.ts';
import type { ZoneRecord } from './tzif.ts';

export interface PackedData {
  readonly version: string;
  /** `name|abbreviations|offsets|indices|differences|population`. */
  readonly zones: readonly string[];
  /** `target|alias`. */
  readonly links: readonly string[];
}

/** A zone whose clock still changes in 2037 goes on doing so: the data lists it for centuries, and has no rule for what comes after. */
const GOES_ON = daysFromCivil(2037, 1, 1) * DAY;

export function unpackZones(data: PackedData): Map<string, () => ZoneRecord> {
  const zones = new Map<string, () => ZoneRecord>();
  for (const zone of data.zones) zones.set(zone.slice(0, zone.indexOf('|')), () => unpack(zone));
  for (const link of data.links) {
    const [target = '', alias = ''] = link.split('|');
    const record = zones.get(target);
    if (record !== undefined) zones.set(alias, record);
  }
  return zones;
}

function unpack(zone: string): ZoneRecord {
  const [, , offsets = '', indices = '', differences = ''] = zone.split('|');
  // Written west of Greenwich, in minutes.
  const east = offsets.split(' ').map((text) => 0 - Math.round(base60(text) * 60));
  const offset = (index: number): number => {
    const found = east[base60(indices.charAt(index))];
    if (found === undefined)
      throw new CalendarError('zone-data-broken', `packed zone ${zone.slice(0, 40)} is malformed`);
    return found;
  };
  let at = 0;
  const transitions = (differences === '' ? [] : differences.split(' ')).map((text, index) => {
    at += Math.round(base60(text) * 60);
    return { at, offset: offset(index + 1) };
  });
  const { year } = civilFromDays(floorDiv(at, DAY));
  const knownUntil = at < GOES_ON ? Infinity : daysFromCivil(year + 1, 1, 1) * DAY;
  return { first: offset(0), transitions, rule: '', knownUntil };
}

function base60(text: string): number {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = (negative ? text.slice(1) : text).split('.');
  let value = 0;
  for (const digit of whole) value = value * 60 + digitOf(digit);
  let unit = 1;
  for (const digit of fraction) {
    unit /= 60;
    value += digitOf(digit) * unit;
  }
  return negative ? 0 - value : value;
}

/** 0-9, a-z for 10 to 35, A-X for 36 to 59. */
function digitOf(digit: string): number {
  const code = digit.charCodeAt(0);
  if (code >= 97) return code - 87;
  return code >= 65 ? code - 29 : code - 48;
}
