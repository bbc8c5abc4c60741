/**
 * The rule at the end of a TZif file (POSIX TZ, RFC 9636): which offset holds in the years after the last listed transition, as in
 * `CET-1CEST,M3.5.0,M10.5.0/3`.
 */
import { DAY, HOUR, daysFromCivil, daysInMonth, isLeapYear, weekdayOf } from './civil.ts';
import { CalendarError } from './calendar-error.ts';

export interface Transition {
  /** Seconds since 1970, UTC. */
  readonly at: number;
  /** Seconds east of UTC from then on. */
  readonly offset: number;
}

export interface PosixRule {
  /** Seconds east of UTC without daylight saving. */
  readonly standard: number;
  /** The transitions whose local date is in this year, in order; none without daylight saving. */
  transitions(year: number): readonly Transition[];
}

const NAME = '(?:<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})';
const TIME = '[+-]?\\d{1,3}(?::\\d\\d(?::\\d\\d)?)?';
const DATE = '(?:M\\d{1,2}\\.\\d\\.\\d|J\\d{1,3}|\\d{1,3})';
const RULE = new RegExp(`^${NAME}(${TIME})(?:${NAME}(${TIME})?,(${DATE})(?:/(${TIME}))?,(${DATE})(?:/(${TIME}))?)?$`);

/** Throws CalendarError `zone-data-broken`. */
export function parsePosixRule(text: string): PosixRule {
  const match = RULE.exec(text);
  if (match?.[1] === undefined)
    throw new CalendarError('zone-data-broken', `${JSON.stringify(text)} is no POSIX time zone rule`);
  // POSIX counts west of Greenwich as positive.
  const standard = 0 - seconds(match[1]);
  const [, , saving, from, fromTime = '2', until, untilTime = '2'] = match;
  if (from === undefined || until === undefined) return { standard, transitions: () => [] };
  const daylight = saving === undefined ? standard + HOUR : 0 - seconds(saving);
  return {
    standard,
    transitions: (year) =>
      [
        { at: dayOf(until, year) * DAY + seconds(untilTime) - daylight, offset: standard },
        { at: dayOf(from, year) * DAY + seconds(fromTime) - standard, offset: daylight },
      ].toSorted((one, other) => one.at - other.at),
  };
}

function seconds(time: string): number {
  const [hours = 0, minutes = 0, rest = 0] = time.replace(/^[+-]/, '').split(':').map(Number);
  return (time.startsWith('-') ? -1 : 1) * (hours * HOUR + minutes * 60 + rest);
}

function dayOf(rule: string, year: number): number {
  const first = daysFromCivil(year, 1, 1);
  if (rule.startsWith('J')) {
    // Counts from 1 and never counts 29 February.
    const day = Number(rule.slice(1));
    return first + day - 1 + (isLeapYear(year) && day >= 60 ? 1 : 0);
  }
  if (!rule.startsWith('M')) return first + Number(rule);
  const [month = 1, week = 1, weekday = 0] = rule.slice(1).split('.').map(Number);
  const firstOfMonth = daysFromCivil(year, month, 1);
  const earliest = firstOfMonth + ((weekday - weekdayOf(firstOfMonth) + 7) % 7) + (week - 1) * 7;
  // Week 5 is the last one.
  return earliest - firstOfMonth >= daysInMonth(year, month) ? earliest - 7 : earliest;
}
