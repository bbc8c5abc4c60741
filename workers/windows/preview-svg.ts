/**
 * A preview as a calendar strip: one row for each local day, midnight to midnight, with what is open, what is excluded, and the hours that
 * clocks skip or repeat. It stands alone, without scripts or fonts, and follows light and dark.
 */
import { DAY, HOUR, civilFromDays, floorDiv, weekdayOf } from '../../activities/calendar/civil.ts';
import type { Span } from '../../activities/calendar/spans.ts';
import { escaped } from '../escaped.ts';
import { changeText, lasts, timeText, utcSpan, weekdayText } from './preview-text.ts';
import { type WallPiece, missing, wallPieces } from './wall-pieces.ts';
import { type WindowPreview, localText } from './window-preview.ts';

const LEFT = 118;
const HOUR_WIDTH = 25;
const STRIP = 24 * HOUR_WIDTH;
const TOP = 96;
const ROW = 22;
const BAR = 16;
const RIGHT = 330;
const WIDTH = LEFT + STRIP + RIGHT;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Stretches told at the end of a row. */
const MAX_TOLD = 2;

const STYLE = `
  svg { --ink: #1d2330; --soft: #68707f; --line: #dfe3ea; --paper: #fff; --rest: #f4f6f9; --open: #1f9d6a; --shut: #d48a1f; --clock: #b3368c }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6e9ef; --soft: #98a1b2; --line: #2e3541; --paper: #14181f; --rest: #1a1f28; --open: #38c48b; --shut: #e0a444; --clock: #e07cc0 }
  }
  text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--ink) }
  .soft { fill: var(--soft) } .title { font-size: 17px; font-weight: 600 } .clock { fill: var(--clock) } .small { font-size: 11px }
  .grid { stroke: var(--line) } .open { fill: var(--open) } .shut { fill: url(#shut); stroke: var(--shut) } .gap { fill: url(#gap) }`;

/** `now`: seconds since 1970; marked when it is in the preview. */
export function previewSvg(preview: WindowPreview, now: number): string {
  const { name, where, zone, span, open, excluded, changes } = preview;
  const first = floorDiv(span.from + zone.periodAt(span.from).offset, DAY);
  const last = floorDiv(span.to - 1 + zone.periodAt(span.to - 1).offset, DAY);
  const days = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const y = (day: number): number => TOP + (day - first) * ROW;
  const height = y(last + 1) + 56;
  const bar =
    <S extends Span>(kind: string, hint: (span: S) => string) =>
    (piece: WallPiece<S>): string => {
      const half = piece.pass !== null;
      const top = y(piece.day) + (ROW - BAR) / 2 + (piece.pass === 2 ? BAR / 2 : 0);
      return `<rect class="${kind}" x="${x(piece.begin)}" y="${top}" width="${round(x(piece.end) - x(piece.begin))}" height="${half ? BAR / 2 - 1 : BAR}" rx="${half ? 1 : 2}"><title>${escaped(hint(piece.span))}</title></rect>`;
    };
  const told = (each: Span): string =>
    `${localText(zone, each.from)} to ${localText(zone, each.to)}, ${utcSpan(each.from, each.to)}, ${lasts(each.to - each.from)}`;
  const [here] = wallPieces([{ from: now, to: now + 1 }], zone, span, changes);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(`Window ${name} in ${where}`)}</title>`,
    `<desc id="d">${escaped(`${open.length} stretches, ${excluded.length} excluded, ${changes.length} changes of clocks`)}</desc>`,
    `<style>${STYLE}</style>`,
    `<defs>${hatch('shut', '--shut', 45)}${hatch('gap', '--clock', -45)}</defs>`,
    `<rect width="${WIDTH}" height="${height}" fill="var(--paper)"/>`,
    text(20, 30, `${name} in ${where}`, 'title'),
    text(20, 52, `local time of ${zone.id}, tzdb ${zone.tzdb}; at the right in UTC`, 'soft'),
    ...days.map((day) => rowOf(day, y(day))),
    ...Array.from({ length: 9 }, (_, index) => axis(index * 3, height)),
    ...missing(changes).map(
      ({ day, begin, end }) =>
        `<rect class="gap" x="${x(begin)}" y="${y(day) + 1}" width="${round(x(end) - x(begin))}" height="${ROW - 2}"><title>these readings do not exist</title></rect>`,
    ),
    ...wallPieces(open, zone, span, changes).map(bar('open', told)),
    ...wallPieces(excluded, zone, span, changes).map(bar('shut', (each) => `shut: ${each.why}; ${told(each)}`)),
    ...days.flatMap((day) => text(LEFT + STRIP + 14, y(day) + 15, noteOf(preview, day), noteClass(preview, day))),
    here === undefined ? '' : nowMark(here, y(here.day)),
    legend(height - 26),
    '</svg>\n',
  ].join('\n');
}

const x = (second: number): number => round(LEFT + (second / HOUR) * HOUR_WIDTH);

const round = (value: number): number => Math.round(value * 10) / 10;

function rowOf(day: number, top: number): string {
  const { month, day: date } = civilFromDays(day);
  const weekend = [0, 6].includes(weekdayOf(day));
  const rest = weekend ? `<rect x="0" y="${top}" width="${WIDTH}" height="${ROW}" fill="var(--rest)"/>` : '';
  const label = `${weekdayText(day)} ${date} ${MONTHS[month - 1] ?? ''}`;
  return `${rest}${text(20, top + 15, label, weekend ? 'soft' : '')}<line class="grid" x1="${LEFT}" y1="${top}" x2="${LEFT + STRIP}" y2="${top}"/>`;
}

function axis(hour: number, height: number): string {
  const at = x(hour * HOUR);
  const label = `${String(hour).padStart(2, '0')}:00`;
  return `<line class="grid" x1="${at}" y1="${TOP - 6}" x2="${at}" y2="${height - 56}"/><text class="soft small" x="${at}" y="${TOP - 12}" text-anchor="middle">${label}</text>`;
}

const localDay = ({ zone }: WindowPreview, instant: number): number =>
  floorDiv(instant + zone.periodAt(instant).offset, DAY);

const changeOn = (preview: WindowPreview, day: number) =>
  preview.changes.find(({ at, before }) => floorDiv(at + before, DAY) === day);

/** A change of clocks before all, else why it is shut, else the stretches that open on this day, in UTC. */
function noteOf(preview: WindowPreview, day: number): string {
  const change = changeOn(preview, day);
  if (change !== undefined) return changeText(change);
  const shut = preview.excluded.find(({ from }) => localDay(preview, from) === day);
  if (shut !== undefined) return `shut: ${shortened(shut.why)}`;
  const opened = preview.open.filter(({ from }) => localDay(preview, from) === day);
  const [one, ...more] = opened.slice(0, MAX_TOLD).map(({ from, to }) => `${timeText(from)}Z to ${timeText(to)}Z`);
  if (one === undefined) return '';
  return [one, ...more].join(', ') + (opened.length > MAX_TOLD ? ` and ${opened.length - MAX_TOLD} more` : '');
}

const noteClass = (preview: WindowPreview, day: number): string =>
  changeOn(preview, day) === undefined ? 'soft small' : 'clock small';

const MAX_WHY = 44;
const shortened = (why: string): string => (why.length > MAX_WHY ? `${why.slice(0, MAX_WHY - 1)}…` : why);

const nowMark = ({ begin }: WallPiece<Span>, top: number): string =>
  `<line x1="${x(begin)}" y1="${top - 2}" x2="${x(begin)}" y2="${top + ROW + 2}" stroke="var(--ink)" stroke-width="2"><title>asked at</title></line>`;

const legend = (y: number): string =>
  [
    ['open', 'open', 0],
    ['shut', 'excluded', 90],
    ['gap', 'clocks skip it', 205],
  ]
    .map(
      ([kind, words, at]) =>
        `<rect class="${String(kind)}" x="${LEFT + Number(at)}" y="${y - 10}" width="18" height="11" rx="2"/>${text(LEFT + Number(at) + 25, y, String(words), 'soft small')}`,
    )
    .join('') + text(LEFT + 330, y, 'half height: an hour that occurs twice, first pass above', 'soft small');

const hatch = (id: string, color: string, angle: number): string =>
  `<pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(${angle})"><rect width="6" height="6" fill="var(${color})" opacity=".16"/><line x1="0" y1="0" x2="0" y2="6" stroke="var(${color})" stroke-width="2"/></pattern>`;

const text = (at: number, y: number, words: string, kind = ''): string =>
  words === '' ? '' : `<text x="${at}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(words)}</text>`;
