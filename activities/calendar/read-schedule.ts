/**
 * Reads when a schedule fires: `{ cron }`, `{ at, weekdays, daysOfMonth, nth, months, years }`, or `{ every }` for elapsed time, with its
 * policies for readings and dates that do not exist. Throws CalendarError `bad-schedule` or `bad-cron`.
 */
import { type Cron, parseCron } from './cron.ts';
import { matchesDay, within } from './day-filter.ts';
import { type Every, atLeastASecond, wholeSeconds } from './every.ts';
import { DEFAULT_POLICY, type FirePolicy } from './fire-times.ts';
import { Problems, isRecord, listOf, shown } from './problems.ts';
import { readDays, readTime } from './read-window.ts';

export interface PointSchedule {
  readonly points: Cron | Every;
  /** Of a `TZ=` in front of the cron expression; null without. */
  readonly zone: string | null;
  readonly policy: FirePolicy;
}

const POLICIES = {
  onGap: ['shift', 'first_after_gap', 'skip'],
  onOverlap: ['first', 'both'],
  onMissingDate: ['skip', 'last_day'],
} as const;
const FORMS = ['cron', 'at', 'every'] as const;
const CONDITIONS = ['weekdays', 'daysOfMonth', 'nth', 'months', 'years'] as const;

export function readSchedule(definition: Readonly<Record<string, unknown>>): PointSchedule {
  const policy = readPolicy(definition);
  const [form, ...more] = FORMS.filter((name) => definition[name] !== undefined && definition[name] !== null);
  const problems = new Problems();
  if (form === undefined || more.length > 0) problems.add('', `expected one of ${FORMS.join(', ')}`);
  else refuseConditions(definition, form, problems);
  problems.done('bad-schedule');
  // Elapsed time is counted from 1970, so that a schedule keeps its beat whoever asks.
  if (form === 'every')
    return { points: { everySeconds: wholeSeconds(String(definition[form])), from: 0 }, zone: null, policy };
  if (form === 'cron') {
    const { cron, zone } = parseCron(String(definition[form]), atLeastASecond);
    return { points: 'everySeconds' in cron ? { ...cron, from: 0 } : cron, zone, policy };
  }
  return { points: readCalendar(definition), zone: null, policy };
}

/** What would be left out of account in silence, or leaves no day. */
function refuseConditions(
  definition: Readonly<Record<string, unknown>>,
  form: (typeof FORMS)[number],
  problems: Problems,
): void {
  for (const name of CONDITIONS) {
    const value = definition[name];
    if (value === undefined) continue;
    if (form === 'cron') problems.add(`/${name}`, 'goes with at; expected it in the expression');
    else if (form === 'every') problems.add(`/${name}`, 'goes with at; elapsed time knows no dates');
    else if (value === null || (Array.isArray(value) && value.length === 0))
      problems.add(`/${name}`, 'is empty; leave it out to mean every day');
  }
}

/** Throws CalendarError `bad-schedule` for a word that is none of the choices. */
export function readPolicy(definition: Readonly<Record<string, unknown>>): FirePolicy {
  const problems = new Problems();
  const choose = <Name extends keyof FirePolicy>(name: Name): FirePolicy[Name] => {
    const value = definition[name] ?? DEFAULT_POLICY[name];
    const choices: readonly unknown[] = POLICIES[name];
    if (!choices.includes(value)) problems.add(`/${name}`, `${shown(value)} is none of ${choices.join(', ')}`);
    return value as FirePolicy[Name];
  };
  const policy = {
    onGap: choose('onGap'),
    onOverlap: choose('onOverlap'),
    onMissingDate: choose('onMissingDate'),
  };
  problems.done('bad-schedule');
  return policy;
}

function readCalendar(definition: Readonly<Record<string, unknown>>): Cron {
  const problems = new Problems();
  const entries = listOf(definition['at']);
  if (entries.length === 0) problems.add('/at', 'no times; expected one like 02:30');
  const times = entries.flatMap((entry, index) => {
    const minutes = readTime(entry, `/at/${index}`, problems);
    if (minutes === 1_440) problems.add(`/at/${index}`, '24:00 is 00:00 of the next day');
    return minutes === null ? [] : [minutes * 60];
  });
  const days = readDays(isRecord(definition) ? definition : {}, '', problems);
  problems.done('bad-schedule');
  const { daysOfMonth, months, years } = days;
  // What is counted from the end no month lacks.
  const dates = daysOfMonth?.filter(({ from, to }) => from > 0 && to > 0).flatMap(({ from, to }) => numbers(from, to));
  return {
    times: times.toSorted((one, other) => one - other),
    wildcard: false,
    matchesDay: (day) => matchesDay(days, day),
    daysOfMonth: dates !== undefined && dates.length > 0 ? dates : null,
    matchesMonth: (year, month) => within(months, month) && within(years, year),
    byDayOfMonth: days.weekdays === undefined && days.nth === undefined,
    lastYear: years === undefined ? null : Math.max(...years.map(({ to }) => to)),
  };
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
