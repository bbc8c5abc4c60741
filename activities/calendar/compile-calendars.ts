/**
 * Writes instants as few UTC calendars, each the exact product of its fields: a server that only knows literal matching in UTC then fires
 * at these instants and no others.
 */
import { DAY, HOUR, MINUTE, civilFromDays, daysFromCivil, floorDiv, floorMod } from './civil.ts';

export interface UtcCalendar {
  readonly year: number;
  readonly month: number;
  readonly days: readonly number[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
}

/** `instants`: seconds since 1970, UTC, in any order. */
export function compileCalendars(instants: readonly number[]): UtcCalendar[] {
  const days = grouped(instants, (instant) => floorDiv(instant, DAY));
  const patterns: number[][] = [];
  // Dates of one month that share their times of day become one calendar for each product of hours and minutes.
  const months = grouped([...days], ([day, ofDay]) => {
    const { year, month } = civilFromDays(day);
    return `${year} ${month} ${patternOf(day, ofDay, patterns)}`;
  });
  return [...months.values()].flatMap((dates) => {
    const [first] = dates;
    if (first === undefined) return [];
    const { year, month } = civilFromDays(first[0]);
    const dayNumbers = dates.map(([day]) => civilFromDays(day).day).toSorted(ascending);
    return products(first[1].map((instant) => floorMod(instant, DAY))).map((times) => ({
      year,
      month,
      days: dayNumbers,
      ...times,
    }));
  });
}

/** Number of its times of day among `patterns`, where new ones are added: a schedule has few of them. */
function patternOf(day: number, ofDay: readonly number[], patterns: number[][]): number {
  const midnight = day * DAY;
  const known = patterns.findIndex(
    (times) => times.length === ofDay.length && times.every((time, index) => ofDay[index] === midnight + time),
  );
  return known < 0 ? patterns.push(ofDay.map((instant) => instant - midnight)) - 1 : known;
}

/** The instants the calendars stand for, in order. */
export const expandCalendars = (calendars: readonly UtcCalendar[]): number[] =>
  calendars
    .flatMap(({ year, month, days, hours, minutes, seconds }) =>
      days.flatMap((day) => {
        const midnight = daysFromCivil(year, month, day) * DAY;
        return hours.flatMap((hour) =>
          minutes.flatMap((minute) => seconds.map((second) => midnight + hour * HOUR + minute * MINUTE + second)),
        );
      }),
    )
    .toSorted(ascending);

type Times = Pick<UtcCalendar, 'hours' | 'minutes' | 'seconds'>;

/** Hours with the same minutes and seconds go together. */
function products(times: readonly number[]): Times[] {
  const seconds = grouped(times, (time) => time % MINUTE);
  return [...seconds].flatMap(([second, sameSecond]) => {
    const hours = grouped(sameSecond, (time) => floorDiv(time, HOUR));
    const minutesOf = ([, ofHour]: readonly [number, readonly number[]]): string =>
      ofHour.map((time) => floorDiv(time, MINUTE) % 60).join();
    return [...grouped([...hours], minutesOf)].map(([minutes, sameMinutes]) => ({
      hours: sameMinutes.map(([hour]) => hour).toSorted(ascending),
      minutes: minutes.split(',').map(Number).toSorted(ascending),
      seconds: [second],
    }));
  });
}

const ascending = (one: number, other: number): number => one - other;

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  let [lastKey, group]: [Key | undefined, Item[]] = [undefined, []];
  for (const item of items) {
    const key = keyOf(item);
    // What belongs together mostly stands together.
    if (key !== lastKey) {
      group = groups.get(key) ?? [];
      if (group.length === 0) groups.set(key, group);
      lastKey = key;
    }
    group.push(item);
  }
  return groups;
}
