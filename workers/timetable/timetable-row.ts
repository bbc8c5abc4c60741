/** One row of the chart: a wave in one region. What lies behind the grid and what before it are apart, because rows share the grid. */
import type { Span } from '../../activities/calendar/spans.ts';
import { escaped, round, text } from '../svg.ts';
import { changeText, lasts, utcSpan } from '../windows/preview-text.ts';
import { localText } from '../windows/window-preview.ts';
import { type WavePart, wholeOf } from './parts.ts';
import { type TimeAxis, nightsIn } from './time-axis.ts';
import { localOf } from './timetable-text.ts';

export const ROW = 40;
const BAR = { top: 10, height: 16 } as const;
const STRIP = { top: 33, height: 4 } as const;
/** Shorter would not be seen. */
const MIN_BAR = 3;
/** About the width of a letter of the small text. */
const LETTER = 6.1;
const MAX_NAME = 15;

export interface RowQuestion {
  readonly part: WavePart;
  readonly axis: TimeAxis;
  readonly top: number;
  /** Whether its wave begins with it. */
  readonly first: boolean;
}

interface RowSvg {
  readonly behind: string;
  readonly front: string;
}

export function rowSvg(row: RowQuestion): RowSvg {
  const { part, axis, top, first } = row;
  const { zone, open, excluded } = part.place;
  const boxes = box(axis);
  const behind = [
    ...nightsIn(zone, axis.span).map((night) => boxes('night', night, top, ROW, 'night there')),
    `<line class="${first ? 'grid day' : 'grid'}" x1="20" y1="${top}" x2="${axis.left + axis.width}" y2="${top}"/>`,
  ];
  const front = [
    ...open.map((each) => boxes('open', each, top + STRIP.top, STRIP.height, `open ${spanText(part, each)}`)),
    ...excluded.map((each) => boxes('shut', each, top + 2, ROW - 4, `${each.why}; ${spanText(part, each)}`)),
    ...labelsOf(row),
    ...changesOf(row),
    ...barsOf(row),
  ];
  return { behind: behind.join(''), front: front.join('') };
}

const spanText = ({ place: { zone } }: WavePart, { from, to }: Span): string =>
  `${localText(zone, from)} to ${localText(zone, to)}, ${utcSpan(from, to)}, ${lasts(to - from)}`;

/** Nothing for what lies outside. */
const box =
  ({ span, x }: TimeAxis) =>
  (kind: string, { from, to }: Span, y: number, height: number, hint: string, least = 0): string => {
    if (to <= span.from || from >= span.to) return '';
    const width = Math.max(x(to) - x(from), least);
    return `<rect class="${kind}" x="${round(x(from))}" y="${y}" width="${round(width)}" height="${height}" rx="${least > 0 ? 2 : 0}"><title>${escaped(hint)}</title></rect>`;
  };

function labelsOf({ part: { wave, place, targets }, top, first }: RowQuestion): string[] {
  const count = `${targets.length} target${targets.length === 1 ? '' : 's'}`;
  return [
    first ? text(20, top + 17, shortened(wave.name), `strong${wave.problem === null ? '' : ' bad'}`) : '',
    text(20, top + 32, count, 'soft small'),
    text(134, top + 17, shortened(place.region)),
    text(134, top + 32, place.zone.id, 'soft small'),
  ];
}

const shortened = (words: string): string => (words.length > MAX_NAME ? `${words.slice(0, MAX_NAME - 1)}…` : words);

const changesOf = ({ part, axis, top }: RowQuestion): string[] =>
  part.place.changes
    .filter(({ at }) => at > axis.span.from && at < axis.span.to)
    .map((change) => {
      const x = round(axis.x(change.at));
      const mark = `<path class="mark" d="M${x - 5} ${top + 1}h10l-5 7z"/>`;
      return `<g><title>${escaped(`${changeText(change)} in ${change.zone}`)}</title><line class="change" x1="${x}" y1="${top}" x2="${x}" y2="${top + ROW}"/>${mark}</g>`;
    });

function barsOf(row: RowQuestion): string[] {
  const { part, axis, top } = row;
  const { wave } = part;
  const whole = wholeOf(part);
  const y = top + BAR.top;
  if (whole === null)
    return [text(axis.left + 12, y + 13, `never: ${clipped(wave.problem ?? '', axis)}`, 'small bad halo')];
  const boxes = box(axis);
  const names = `${wave.name} in ${part.place.region}: ${part.targets.length} targets`;
  const soak = wave.endsAt === null || wave.soaksUntil === null ? null : { from: wave.endsAt, to: wave.soaksUntil };
  const middle = y + BAR.height / 2;
  return [
    wave.turnAt === null || wave.turnAt >= whole.from
      ? ''
      : `<line class="wait" x1="${round(axis.x(wave.turnAt))}" y1="${middle}" x2="${round(axis.x(whole.from))}" y2="${middle}"/>`,
    soak === null
      ? ''
      : boxes('soak', soak, y + 4, BAR.height - 8, `soak of wave ${wave.name}, ${spanText(part, soak)}`),
    ...part.acts.map((each) => boxes('act', each, y, BAR.height, `${names}, ${spanText(part, each)}`, MIN_BAR)),
    barLabel(row, whole, Math.max(whole.to, soak?.to ?? 0)),
  ];
}

/** Behind the bar where there is room, else before it. */
function barLabel({ part, axis, top }: RowQuestion, whole: Span, end: number): string {
  const words = localOf(part);
  const y = top + BAR.top + 12;
  const behind = axis.x(end) + 8;
  if (behind + words.length * LETTER <= axis.left + axis.width) return text(behind, y, words, 'small halo');
  return text(axis.x(whole.from) - 8, y, words, 'small halo', 'text-anchor="end"');
}

const clipped = (words: string, { width }: TimeAxis): string => {
  const most = Math.floor(width / LETTER) - 12;
  return words.length > most ? `${words.slice(0, most - 1)}…` : words;
};
