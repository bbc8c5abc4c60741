/** A timetable as a table: one row for each wave in each region, in local time and in UTC, and below it what people should know. */
import { instantText } from '../../activities/calendar/instant-text.ts';
import { lasts, localSpan, utcSpan } from '../windows/preview-text.ts';
import { type WavePart, partsOf, wholeOf } from './parts.ts';
import type { TimetableReport } from './report.ts';
import type { Timetable } from './timetable.ts';

export function timetableText({ timetable, places, findings }: TimetableReport): string {
  const rows = partsOf(timetable.waves, places).map(rowOf);
  const table = rows.length === 0 ? [] : aligned([HEAD, ...rows]);
  const [problems, notes] = [true, false].map((wanted) => findings.filter(({ problem }) => problem === wanted));
  return [
    headline(timetable),
    howLong(timetable),
    ...(table.length === 0 ? [] : ['', ...table]),
    ...section('it cannot run as declared:', problems?.map(({ text }) => text) ?? []),
    ...section('worth knowing:', notes?.map(({ text }) => text) ?? []),
    '',
    outcome(timetable),
  ].join('\n');
}

export const headline = ({ runbook, window, targets, waves, at, tzdb }: Timetable): string =>
  `${runbook}: ${counted(targets, 'target')} in ${counted(waves.length, 'wave')}, window ${window}, told from ${instantText(at)} (tzdb ${tzdb})`;

export const howLong = ({ needSeconds, soakSeconds, parallel }: Timetable): string =>
  `estimates: each target takes ${lasts(needSeconds)}, ${parallel} at once, ${soakSeconds === 0 ? 'no soak' : `${lasts(soakSeconds)} of soak`} after each wave; a run asks again at each step`;

export const outcome = ({ endsAt, targets }: Timetable): string => {
  if (targets === 0) return 'nothing would be done';
  return endsAt === null ? 'the rollout would not come to its end' : `over at ${instantText(endsAt)}, soak included`;
};

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const HEAD = ['wave', 'region', 'targets', 'local time', 'UTC', 'soaks until'] as const;

function rowOf(part: WavePart): readonly string[] {
  const { wave, place, targets } = part;
  const whole = wholeOf(part);
  const times =
    whole === null ? ['never', '', ''] : [localOf(part), utcSpan(whole.from, whole.to), soakText(wave.soaksUntil)];
  return [wave.name, place.region, String(targets.length), ...times];
}

/** `Tue 2026-11-24 02:00-05:00 -07:00` */
export function localOf({ place, acts }: Pick<WavePart, 'place' | 'acts'>): string {
  const whole = wholeOf({ acts });
  return whole === null ? 'never' : localSpan(place.zone, whole.from, whole.to);
}

const soakText = (until: number | null): string => (until === null ? '' : instantText(until));

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  - ${line}`)];
