/**
 * Instants as senders write them become UTC text, or a reason why not: RFC 3339 with any offset and fraction of a second, with the
 * name of a zone, or in the sender's own zone.
 */
import { DAY, HOUR, MINUTE, daysFromCivil, isDate } from '../../activities/calendar/civil.ts';
import { readingText } from '../../activities/calendar/instant-text.ts';
import { type LocalTimes, withOffset } from './local-time.ts';

export type ReadInstant =
  | { readonly ok: true; /** Null: the sender says that it is not set. */ readonly utc: string | null }
  | { readonly ok: false; readonly reason: TimeProblem };

export type TimeProblem =
  | 'time-not-rfc3339'
  | 'time-in-the-future'
  | 'time-ancient'
  | 'time-zone-unknown'
  /** Its offset is none that its zone has then, and it says that they must agree. */
  | 'time-contradicts-zone';

/** RFC 3339 sets no end to the digits of a second; what is finer than a nanosecond is cut off. */
const MAX_DIGITS = 9;
/** Date, time of day, parts of a second, offset. */
const RFC3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d)$/;
/** A clock that is ahead is a fact of life, and the path orders such an event by when it was stored; a day ahead is a mistake. */
const MAX_AHEAD_MS = 86_400_000;
const OLDEST_MS = Date.UTC(2000, 0, 1);
/** The zero time of Go and of the Unix epoch: what some senders write for "not set". */
const ZERO_TIMES = new Set([Date.UTC(1970, 0, 1), -62_135_596_800_000]);

/** What four digits of a year can write, in seconds since 1970: from the year 0 to the year 9999. */
const [FIRST_SECOND, LAST_SECOND] = [daysFromCivil(0, 1, 1) * DAY, daysFromCivil(10_000, 1, 1) * DAY - 1];

/** `latest`: RFC 3339, how late it may be now; what lies far after it or before the year 2000 is refused. Without `times` only an offset says when. */
export function readInstant(text: string, latest: string, times?: LocalTimes): ReadInstant {
  const read = utcOf(text) ?? withZone(text, times);
  if ('reason' in read) return { ok: false, reason: read.reason };
  if (ZERO_TIMES.has(read.ms)) return { ok: true, utc: null };
  if (read.ms > Date.parse(latest) + MAX_AHEAD_MS) return { ok: false, reason: 'time-in-the-future' };
  if (read.ms < OLDEST_MS) return { ok: false, reason: 'time-ancient' };
  return { ok: true, utc: read.utc };
}

interface Utc {
  /** Keeps the second to the nanosecond. */
  readonly utc: string;
  /** Since 1970. */
  readonly ms: number;
}

function withZone(text: string, times: LocalTimes | undefined): Utc | { readonly reason: TimeProblem } {
  const written = withOffset(text, times);
  if (written.kind === 'refused') return { reason: written.reason };
  return utcOf(written.text) ?? { reason: 'time-not-rfc3339' };
}

/** Null when it is not an instant that exists. */
function utcOf(text: string): Utc | null {
  const match = RFC3339.exec(text.trim());
  if (match === null) return null;
  const [, date = '', time = '', fraction = '', offset = ''] = match;
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8))];
  const [hour, minute, second] = [Number(time.slice(0, 2)), Number(time.slice(3, 5)), Number(time.slice(6))];
  const east = eastOf(offset);
  if (!isDate({ year, month, day }) || hour > 23 || minute > 59 || second > 60 || east === null) return null;
  // A leap second is the last second of its minute: nothing downstream knows 60.
  const wall = daysFromCivil(year, month, day) * DAY + hour * HOUR + minute * MINUTE + Math.min(second, 59);
  const whole = wall - east;
  if (whole < FIRST_SECOND || whole > LAST_SECOND) return null;
  const digits = fraction.slice(0, MAX_DIGITS).replace(/0+$/, '');
  const reading = whole === wall && second < 60 ? `${date}T${time}` : readingText(whole);
  const utc = `${reading}${digits === '' ? '' : `.${digits}`}Z`;
  return { utc, ms: whole * 1_000 + Number(`0.${fraction || '0'}`) * 1_000 };
}

/** Seconds east of Greenwich; null beyond a day. */
function eastOf(offset: string): number | null {
  if (offset.length === 1) return 0;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))];
  if (hours > 23 || minutes > 59) return null;
  return (hours * HOUR + minutes * MINUTE) * (offset.startsWith('-') ? -1 : 1);
}
