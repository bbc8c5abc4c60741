/**
 * `time`: what a question about local time costs, against libraries that stand on the zone data of Node, on the same questions in the
 * same run; and how many of the twenty hard cases each gets wrong. The cases are read where they stand, else that row is left out.
 */
import { fromZonedTime, toZonedTime } from 'date-fns-tz';
import { DateTime } from 'luxon';
import { Temporal } from 'temporal-polyfill';
import { compileCalendars } from '../../activities/calendar/compile-calendars.ts';
import { parseCron } from '../../activities/calendar/cron.ts';
import { DEFAULT_POLICY, fireTimes, firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText, readInstantText } from '../../activities/calendar/instant-text.ts';
import { openingAt } from '../../activities/calendar/next-opening.ts';
import { readWindow } from '../../activities/calendar/read-window.ts';
import { openSpans } from '../../activities/calendar/window.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { casesIn, needsCases } from '../support/cases.ts';
import { fleetWeekend } from './fleet-weekend.ts';
import { type Row, row } from './statistics.ts';
import { waitingRuns } from './waiting-runs.ts';

/** How a library turns a local date and minutes since its midnight into an instant, and an instant into its local date. */
interface Library {
  readonly name: string;
  instant(zone: string, date: LocalDate, minutes: number): number;
  date(zone: string, instant: number): LocalDate;
}

interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const pad = (value: number): string => String(value).padStart(2, '0');

const LIBRARIES: readonly Library[] = [
  {
    name: 'luxon',
    instant: (zone, date, minutes) =>
      DateTime.fromObject({ ...date, hour: Math.floor(minutes / 60), minute: minutes % 60 }, { zone }).toMillis(),
    date: (zone, instant) => {
      const { year, month, day } = DateTime.fromMillis(instant, { zone });
      return { year, month, day };
    },
  },
  {
    name: 'temporal_polyfill',
    instant: (zone, date, minutes) =>
      Temporal.PlainDateTime.from({ ...date, hour: Math.floor(minutes / 60), minute: minutes % 60 }).toZonedDateTime(
        zone,
      ).epochMilliseconds,
    date: (zone, instant) => {
      const { year, month, day } = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
      return { year, month, day };
    },
  },
  {
    name: 'date_fns_tz',
    instant: (zone, { year, month, day }, minutes) =>
      fromZonedTime(
        `${year}-${pad(month)}-${pad(day)}T${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}:00`,
        zone,
      ).getTime(),
    date: (zone, instant) => {
      const local = toZonedTime(instant, zone);
      return { year: local.getFullYear(), month: local.getMonth() + 1, day: local.getDate() };
    },
  },
];

const ZONES = ['America/New_York', 'Europe/Berlin', 'Asia/Tokyo'];
const HOLIDAYS = ['2026-12-25', '2027-01-01', '2027-05-01'];
const [START, END] = [22 * 60, 4 * 60];
const QUESTIONS = 600;
const ROUNDS = 5;
const DAY_MS = 86_400_000;
const BEGIN_MS = Date.UTC(2026, 10, 25);

const dayAfter = ({ year, month, day }: LocalDate, days: number): LocalDate => {
  const moved = new Date(Date.UTC(year, month - 1, day + days));
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
};

/** Weekdays 22:00 to 04:00 without holidays, as one would write it on any library. */
function nextOpening(library: Library, zone: string, now: number): readonly [number, number] {
  const today = library.date(zone, now);
  for (let ahead = -1; ahead < 400; ahead += 1) {
    const date = dayAfter(today, ahead);
    const weekday = new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    if (HOLIDAYS.includes(`${date.year}-${pad(date.month)}-${pad(date.day)}`)) continue;
    const close = library.instant(zone, dayAfter(date, 1), END);
    if (close > now) return [library.instant(zone, date, START), close];
  }
  throw new Error(`${library.name} found no opening`);
}

export async function time(report: (line: string) => void): Promise<Row[]> {
  const zones = openZoneData();
  const window = readWindow({ start: '22:00', end: '04:00', weekdays: 'mon-fri', holidays: HOLIDAYS });
  const ours = (zone: string, now: number): readonly [number, number] => {
    const place = zones.zone(zone);
    const opening = openingAt((from, to) => openSpans(window, place, from, to), now / 1_000);
    return [(opening.opensAt ?? 0) * 1_000, (opening.closesAt ?? 0) * 1_000];
  };
  const questions = Array.from({ length: QUESTIONS }, (_, index) => ({
    zone: ZONES[index % ZONES.length] ?? 'UTC',
    now: BEGIN_MS + Math.floor((index * 400 * DAY_MS) / QUESTIONS / 60_000) * 60_000,
  }));
  const askers = [
    ['tocsin', ours] as const,
    ...LIBRARIES.map(
      (library) => [library.name, (zone: string, now: number) => nextOpening(library, zone, now)] as const,
    ),
  ];
  const micros = new Map<string, number[]>(askers.map(([name]) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [name, ask] of askers) {
      const begun = performance.now();
      for (const { zone, now } of questions) ask(zone, now);
      // The first round warms all of them up.
      if (round > 0) micros.get(name)?.push(((performance.now() - begun) * 1_000) / QUESTIONS);
    }
  report(`${QUESTIONS} questions in ${ZONES.length} zones, ${ROUNDS} rounds, tzdb ${zones.tzdb}`);
  const mine = micros.get('tocsin') ?? [];
  return [
    row('next_opening_us', 'us', mine, ['<=', 20]),
    ...LIBRARIES.flatMap(({ name }) => {
      const theirs = micros.get(name) ?? [];
      return [
        row(`next_opening_us_${name}`, 'us', theirs),
        row(
          `next_opening_ratio_${name}`,
          'tocsin/other',
          mine.map((value, round) => value / (theirs[round] ?? NaN)),
          ['<=', 1],
        ),
      ];
    }),
    row('compile_400_days_ms', 'ms', compileRounds('*/5 8-18 * * mon-fri'), ['<=', 50]),
    row('compile_densest_ms', 'ms', compileRounds('*/5 * * * *'), ['<=', 50]),
    ...wrongAnswers(),
    ...(await fleetWeekend(report)),
    ...(await waitingRuns(report)),
  ];
}

/** Every five minutes is the densest that is taken; in working hours it is what a schedule usually holds at most. */
function compileRounds(expression: string): number[] {
  const zone = openZoneData().zone('Europe/Berlin');
  const { cron } = parseCron(expression);
  return Array.from({ length: ROUNDS }, () => {
    const begun = performance.now();
    const [from, until] = [BEGIN_MS / 1_000, (BEGIN_MS + 400 * DAY_MS) / 1_000];
    compileCalendars(firingsUntil(cron, zone, DEFAULT_POLICY, from, until).map(({ at }) => at));
    return performance.now() - begun;
  });
}

interface Points {
  readonly points: readonly {
    readonly zone: string;
    readonly daily_at: string;
    readonly after: string;
    readonly expect: { readonly compatible: readonly string[] };
  }[];
}

/** Next three times of day, gap shifted and overlap taken once. */
function wrongAnswers(): Row[] {
  if (needsCases.skip !== false) return [];
  const { points } = casesIn<Points>('derived-dst-windows.json');
  const zones = openZoneData();
  const count = (answer: (zone: string, minutes: number, after: number) => readonly string[]): number =>
    points.filter(({ zone, daily_at: at, after, expect }) => {
      const [hour = 0, minute = 0] = at.split(':').map(Number);
      return answer(zone, hour * 60 + minute, Date.parse(after)).join() !== expect.compatible.join();
    }).length;
  const ours = count((zone, minutes, after) =>
    fireTimes(
      parseCron(`${minutes % 60} ${Math.floor(minutes / 60)} * * *`).cron,
      zones.zone(zone),
      DEFAULT_POLICY,
      after / 1_000,
      3,
    ).map(({ at }) => instantText(at)),
  );
  return [
    row('wrong_answers', 'of 20', [ours], ['<=', 0]),
    ...LIBRARIES.map((library) =>
      row(`wrong_answers_${library.name}`, 'of 20', [
        count((zone, minutes, after) => nextThree(library, zone, minutes, after)),
      ]),
    ),
  ];
}

function nextThree(library: Library, zone: string, minutes: number, after: number): string[] {
  const today = library.date(zone, after);
  const found: string[] = [];
  for (let ahead = 0; found.length < 3 && ahead < 10; ahead += 1) {
    const instant = library.instant(zone, dayAfter(today, ahead), minutes);
    if (instant > after) found.push(instantText(readInstantText(new Date(instant).toISOString())));
  }
  return found;
}
