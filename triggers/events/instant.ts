/**
 * Instants as senders write them become UTC text, or a reason why not: RFC 3339 with any offset and fraction of a second, with the
 * name of a zone, or in the sender's own zone.
 */
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
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))$/;
/** A clock that is ahead is a fact of life, and the path orders such an event by when it was stored; a day ahead is a mistake. */
const MAX_AHEAD_MS = 86_400_000;
const OLDEST_MS = Date.UTC(2000, 0, 1);
/** The zero time of Go and of the Unix epoch: what some senders write for "not set". */
const ZERO_TIMES = new Set([Date.UTC(1970, 0, 1), -62_135_596_800_000]);

/** `receivedAt`: RFC 3339; what lies far after it or before the year 2000 is refused. Without `times` only an offset says when. */
export function readInstant(text: string, receivedAt: string, times?: LocalTimes): ReadInstant {
  const written = withOffset(text, times);
  if (written.kind === 'refused') return { ok: false, reason: written.reason };
  const read = utcOf(written.text);
  if (read === null) return { ok: false, reason: 'time-not-rfc3339' };
  if (ZERO_TIMES.has(read.ms)) return { ok: true, utc: null };
  if (read.ms > Date.parse(receivedAt) + MAX_AHEAD_MS) return { ok: false, reason: 'time-in-the-future' };
  if (read.ms < OLDEST_MS) return { ok: false, reason: 'time-ancient' };
  return { ok: true, utc: read.utc };
}

/** UTC text that keeps the second to the nanosecond, and milliseconds since 1970; null when it is not an instant that exists. */
function utcOf(text: string): { readonly utc: string; readonly ms: number } | null {
  const match = RFC3339.exec(text.trim());
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = '', , sign, offsetHours = '0', offsetMinutes = '0'] = match.slice(7);
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  // A leap second is the last second of its minute: nothing downstream knows 60.
  wall.setUTCHours(hour, minute, Math.min(second, 59));
  const exists =
    wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day && hour < 24 && minute < 60 && second <= 60;
  if (!exists || Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  const whole = wall.getTime() - offsetMs;
  const iso = new Date(whole).toISOString();
  if (!/^\d{4}-/.test(iso)) return null;
  const digits = fraction.slice(0, MAX_DIGITS).replace(/0+$/, '');
  const utc = `${iso.slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
  return { utc, ms: whole + Number(`0.${fraction || '0'}`) * 1_000 };
}
