/**
 * Reads when a schedule fires: `{ cron }`, `{ at, weekdays, daysOfMonth, nth, months, years }`, or `{ every }` for elapsed time, with its
 * policies for readings and dates that do not exist. Throws CalendarError `bad-schedule` or `bad-cron`.
 */
import { type Cron, type Every, parseCron } from './cron.ts';
import { matchesDay, within } from './day-filter.ts';
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

export function readSchedule(definition: Readonly<Record<string, unknown>>): PointSchedule {
  const policy = readPolicy(definition);
  const [form, ...more] = FORMS.filter((name) => definition[name] !== undefined && definition[name] !== null);
  const problems = new Problems();
  if (form === undefined || more.length > 0) problems.add('', `expected one of ${FORMS.join(', ')}`);
  problems.done('bad-schedule');
  if (form === 'cron' || form === 'every') {
    const text = String(definition[form]);
    const { cron, zone } = parseCron(form === 'every' ? `@every ${text}` : text);
    // Counted from 1970, so that a schedule keeps its beat whoever asks.
    return { points: 'everySeconds' in cron ? { ...cron, from: 0 } : cron, zone, policy };
  }
  return { points: readCalendar(definition), zone: null, policy };
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
  const times = listOf(definition['at']).flatMap((entry, index) => {
    const minutes = readTime(entry, `/at/${index}`, problems);
    if (minutes === 1_440) problems.add(`/at/${index}`, '24:00 is 00:00 of the next day');
    return minutes === null ? [] : [minutes * 60];
  });
  const days = readDays(isRecord(definition) ? definition : {}, '', problems);
  problems.done('bad-schedule');
  const { daysOfMonth, months, years } = days;
  const single = daysOfMonth?.filter(({ from, to }) => from === to && from > 0).map(({ from }) => from);
  return {
    times: times.toSorted((one, other) => one - other),
    wildcard: false,
    matchesDay: (day) => matchesDay(days, day),
    daysOfMonth: single !== undefined && single.length > 0 ? single : null,
    matchesMonth: (year, month) => within(months, month) && within(years, year),
    byDayOfMonth: days.weekdays === undefined && days.nth === undefined,
    lastYear: years === undefined ? null : Math.max(...years.map(({ to }) => to)),
  };
}
