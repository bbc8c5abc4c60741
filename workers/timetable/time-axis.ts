/** The UTC axis of a chart: where an instant lies, which ticks are labelled, and where it is night in a zone. */
import { DAY, HOUR, civilFromDays, floorDiv, floorMod } from '../../activities/calendar/civil.ts';
import type { Span } from '../../activities/calendar/spans.ts';
import type { Zone } from '../../activities/calendar/zone.ts';
import { timeText, weekdayText } from '../windows/preview-text.ts';
import { instantOf } from '../windows/window-preview.ts';

export interface TimeAxis {
  readonly span: Span;
  readonly left: number;
  readonly width: number;
  /** Of an instant, seconds since 1970; what is outside lies on the edge. */
  x(instant: number): number;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Midnight, UTC. */
  readonly day: boolean;
}

const MIN_WIDTH = 1_080;
/** Wider is scrolled rather than seen. */
const MAX_WIDTH = 2_600;
const HOUR_WIDTH = 11;

export function createAxis(span: Span, left: number): TimeAxis {
  const width = Math.min(Math.max(MIN_WIDTH, ((span.to - span.from) / HOUR) * HOUR_WIDTH), MAX_WIDTH);
  const scale = width / (span.to - span.from);
  const x = (instant: number): number => left + Math.min(Math.max(instant - span.from, 0), span.to - span.from) * scale;
  return { span, left, width, x };
}

const STEPS = [1, 2, 3, 6, 12].map((hours) => hours * HOUR).concat([1, 2, 7, 14, 28].map((days) => days * DAY));
const LABEL_WIDTH = 58;

/** Hours where there is room for them, and days. */
export function ticksOf({ span, width }: TimeAxis): readonly Tick[] {
  const wide = (step: number): boolean => (step / (span.to - span.from)) * width >= LABEL_WIDTH;
  const step = STEPS.find(wide) ?? STEPS.at(-1) ?? DAY;
  const days = [DAY, ...STEPS].find((each) => each >= DAY && wide(each)) ?? step;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(span.from / step) * step; at < span.to; at += step) {
    const day = floorMod(at, days) === 0;
    ticks.push({ at, day, label: day ? dayLabel(floorDiv(at, DAY)) : step < DAY ? timeText(at) : '' });
  }
  return ticks;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Tue 24 Nov` */
export function dayLabel(days: number): string {
  const { month, day } = civilFromDays(days);
  return `${weekdayText(days)} ${day} ${MONTHS[month - 1] ?? ''}`;
}

/** Local hours in which people sleep. */
export const NIGHT = { from: 22, to: 6 } as const;
/** Beyond it nights are too narrow to be seen. */
const MAX_NIGHTS = 200;

export function nightsIn(zone: Zone, span: Span): readonly Span[] {
  const [first, last] = [span.from, span.to].map((at) => floorDiv(at + zone.periodAt(at).offset, DAY));
  if (first === undefined || last === undefined || last - first > MAX_NIGHTS) return [];
  return Array.from({ length: last - first + 2 }, (_, index) => first - 1 + index)
    .map((day) => ({
      from: instantOf(zone, day * DAY + NIGHT.from * HOUR),
      to: instantOf(zone, (day + 1) * DAY + NIGHT.to * HOUR),
    }))
    .filter(({ from, to }) => to > span.from && from < span.to);
}
