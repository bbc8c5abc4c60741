/**
 * A timetable as a Gantt chart: one row for each wave in each region, on an axis of UTC, with the nights of that region behind it. It stands
 * alone, without scripts or fonts, follows light and dark, and names everything in words as well.
 */
import { instantText } from '../../activities/calendar/instant-text.ts';
import { THEME, hatch, opening, round, text } from '../svg.ts';
import { howLong, outcome } from './timetable-text.ts';
import { partsOf } from './parts.ts';
import type { TimetableReport } from './report.ts';
import { type TimeAxis, createAxis, ticksOf } from './time-axis.ts';
import { ROW, rowSvg } from './timetable-row.ts';
import { timeText } from '../windows/preview-text.ts';

const LEFT = 262;
const RIGHT = 24;
const TOP = 130;
const BOTTOM = 62;
/** More rows are no chart; the table has them all. */
const MAX_ROWS = 200;

const STYLE = `${THEME}
  .strong { font-weight: 600 } .bad { fill: var(--bad) } .night { fill: var(--night) } .day { stroke: var(--soft); opacity: .45 }
  .act { fill: var(--act) } .soak { fill: url(#soak) } .wait { stroke: var(--act); stroke-dasharray: 1 4; stroke-linecap: round; stroke-width: 2 }
  .change { stroke: var(--clock); stroke-width: 2; stroke-dasharray: 4 3 } .mark { fill: var(--clock) } .now { stroke: var(--bad); stroke-width: 1.5 }
  .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round }`;

export function timetableSvg({ timetable, places, span }: TimetableReport): string {
  const parts = partsOf(timetable.waves, places);
  const rows = parts.slice(0, MAX_ROWS);
  const more = parts.length - rows.length;
  const axis = createAxis(span, LEFT);
  const end = TOP + Math.max(rows.length, 1) * ROW;
  const size = { width: round(LEFT + axis.width + RIGHT), height: end + BOTTOM };
  const { runbook, window, tzdb, at } = timetable;
  const told = rows.map((part, index) =>
    rowSvg({ part, axis, top: TOP + index * ROW, first: rows[index - 1]?.wave !== part.wave }),
  );
  return [
    ...opening(size, `Timetable of ${runbook}`, `${howLong(timetable)}. ${outcome(timetable)}.`),
    `<style>${STYLE}</style>`,
    `<defs>${hatch('shut', '--shut', 45)}${hatch('soak', '--act', -45)}</defs>`,
    `<rect width="${size.width}" height="${size.height}" fill="var(--paper)"/>`,
    text(20, 32, `${runbook} in window ${window}`, 'title'),
    text(20, 54, `${outcome(timetable)}; times in the chart are local, the axis is UTC (tzdb ${tzdb})`, 'soft'),
    text(20, 72, howLong(timetable), 'soft small'),
    ...told.map(({ behind }) => behind),
    ...gridOf(axis, end),
    ...told.map(({ front }) => front),
    rows.length === 0 ? text(LEFT + 12, TOP + 22, 'no target is meant', 'bad') : '',
    nowMark(axis, at, end),
    more > 0 ? text(20, end + 18, `and ${more} more rows, which the table has`, 'soft small') : '',
    legend(end + 40),
    '</svg>\n',
  ].join('\n');
}

const gridOf = (axis: TimeAxis, end: number): string[] =>
  ticksOf(axis).map(({ at, label, day }) => {
    const x = round(axis.x(at));
    const line = `<line class="${day ? 'grid day' : 'grid'}" x1="${x}" y1="${TOP - (day ? 14 : 5)}" x2="${x}" y2="${end}"/>`;
    return line + text(x, TOP - 17, label, day ? 'small strong' : 'soft small', 'text-anchor="middle"');
  });

function nowMark(axis: TimeAxis, at: number, end: number): string {
  const x = round(axis.x(at));
  const line = `<line class="now" x1="${x}" y1="${TOP - 14}" x2="${x}" y2="${end}"><title>told from ${instantText(at)}</title></line>`;
  return line + text(x, TOP - 33, `from ${timeText(at)}Z`, 'small bad', 'text-anchor="middle"');
}

const swatch = (kind: string, at: number, y: number): string =>
  `<rect class="${kind}" x="${at}" y="${y - 10}" width="18" height="11" rx="2"/>`;

function legend(y: number): string {
  const line = (kind: string, at: number): string =>
    `<line class="${kind}" x1="${at}" y1="${y - 4}" x2="${at + 18}" y2="${y - 4}"/>`;
  const entries = [
    [swatch, 'act', 'treats targets'],
    [swatch, 'soak', 'soak'],
    [(kind: string, at: number) => line(kind, at), 'wait', 'waits for its window'],
    [swatch, 'open', 'window open'],
    [swatch, 'shut', 'frozen or holiday'],
    [swatch, 'night', '22:00 to 06:00 local'],
    [(kind: string, at: number) => line(kind, at), 'change', 'clocks change'],
  ] as const;
  let at = 20;
  return entries
    .map(([mark, kind, words]) => {
      const drawn = mark(kind, at, y) + text(at + 25, y, words, 'soft small');
      at += 52 + words.length * 6.2;
      return drawn;
    })
    .join('');
}
