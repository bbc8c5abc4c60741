/** Instants, dates and times of day as text (RFC 3339), read and written without the platform's clock or zones. */
import { DAY, HOUR, MINUTE, civilFromDays, daysFromCivil, floorDiv, floorMod, isDate } from './civil.ts';
import { CalendarError } from './calendar-error.ts';

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))(?:\[[^[\]]+\])*$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/**
 * Seconds since 1970 in UTC. Seconds may be missing, as Java writes a full minute; parts of them are dropped, and so is a zone in brackets
 * behind (RFC 9557): the offset says it all. Throws CalendarError `bad-instant`.
 */
export function readInstantText(text: string): number {
  const match = INSTANT.exec(text);
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1, 7).map((part) => Number(part ?? 0));
  const date = { year: year ?? NaN, month: month ?? NaN, day: day ?? NaN };
  // A leap second counts as the second after it.
  if (match === null || !isDate(date) || (hour ?? 24) > 23 || (minute ?? 60) > 59 || (second ?? 61) > 60)
    throw new CalendarError(
      'bad-instant',
      `${JSON.stringify(text)} is no instant; expected RFC 3339 with an offset, such as 2026-03-08T09:30:00Z`,
    );
  const [offsetHours, offsetMinutes] = [Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59)
    throw new CalendarError('bad-instant', `${JSON.stringify(text)} has an offset beyond 23:59`);
  const offset = (match[9] === '-' ? -1 : 1) * (offsetHours * HOUR + offsetMinutes * MINUTE);
  const days = daysFromCivil(date.year, date.month, date.day);
  return days * DAY + (hour ?? 0) * HOUR + (minute ?? 0) * MINUTE + (second ?? 0) - offset;
}

/** Days since 1970. Throws CalendarError `bad-date`, also for dates that do not exist. */
export function readDateText(text: string): number {
  const match = DATE.exec(text);
  const date = { year: Number(match?.[1]), month: Number(match?.[2]), day: Number(match?.[3]) };
  if (match === null || !isDate(date))
    throw new CalendarError('bad-date', `${JSON.stringify(text)} is no date; expected one like 2026-12-24`);
  return daysFromCivil(date.year, date.month, date.day);
}

export const dateText = (days: number): string => {
  const { year, month, day } = civilFromDays(days);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
};

/** `2026-03-08T09:30:00`: a local reading, or an instant without its `Z`. */
export const readingText = (seconds: number): string => {
  const ofDay = floorMod(seconds, DAY);
  const time = [floorDiv(ofDay, HOUR), floorDiv(ofDay, MINUTE) % 60, ofDay % 60].map((part) => pad(part)).join(':');
  return `${dateText(floorDiv(seconds, DAY))}T${time}`;
};

export const instantText = (seconds: number): string => `${readingText(seconds)}Z`;

/** `2026-11-22T02:30:00-07:00[America/Vancouver]`, so that nobody has to compute it at night. */
export function zonedText(seconds: number, offset: number, zone: string): string {
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const sign = offset < 0 ? '-' : '+';
  return `${readingText(seconds + offset)}${sign}${pad(floorDiv(minutes, 60))}:${pad(minutes % 60)}[${zone}]`;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
