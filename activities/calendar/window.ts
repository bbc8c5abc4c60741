/**
 * A window is a set of wall-clock readings, half-open and to the minute. The day filter applies to the date on which it opens, so that
 * Friday 22:00 to 04:00 includes Saturday 02:00. Readings that do not exist never occur; readings that occur twice count twice.
 */
import { DAY, MINUTE, floorDiv } from './civil.ts';
import { type DayFilter, matchesDay } from './day-filter.ts';
import type { Exclusions } from './exclusions.ts';
import { type Span, union, without } from './spans.ts';
import type { Zone } from './zone.ts';

export interface WindowRule {
  /** Minutes since local midnight: opens. */
  readonly start: number;
  /** Closes; at or before `start` means on the next local date. */
  readonly end: number;
  readonly days: DayFilter;
}

/** One entry of a definition: what it excludes closes its own hours, not those of the other entries. */
export interface Window extends Exclusions {
  /** Open while any of them is. */
  readonly rules: readonly WindowRule[];
}

/** The stretches of [from, to) in which any of the windows is open, in order and apart. */
export function openSpans(windows: readonly Window[], zone: Zone, from: number, to: number): Span[] {
  const [first, ...others] = windows.map((window) => spansOf(window, zone, from, to));
  return first !== undefined && others.length === 0 ? first : union([...(first ?? []), ...others.flat()]);
}

function spansOf(window: Window, zone: Zone, from: number, to: number): Span[] {
  const found: Span[] = [];
  const until = Math.min(to, zone.knownUntil);
  for (const period of zone.periods(from, until)) {
    const [begin, end] = [Math.max(period.from, from), Math.min(period.to, until)];
    const [firstDay, lastDay] = [floorDiv(begin + period.offset, DAY) - 1, floorDiv(end + period.offset, DAY)];
    for (let day = firstDay; day <= lastDay; day += 1) {
      if (isShut(window, day)) continue;
      for (const rule of window.rules) {
        if (!matchesDay(rule.days, day)) continue;
        const opens = day * DAY + rule.start * MINUTE - period.offset;
        const closes = day * DAY + (rule.end <= rule.start ? DAY : 0) + rule.end * MINUTE - period.offset;
        const span = { from: Math.max(opens, begin), to: Math.min(closes, end) };
        if (span.from < span.to) found.push(span);
      }
    }
  }
  return cutOut(window, zone, union(found));
}

function isShut({ holidays, coversUntil }: Window, day: number): boolean {
  return (coversUntil !== undefined && day > coversUntil) || holidays?.has(day) === true;
}

function cutOut({ holidays, strict, freezes }: Window, zone: Zone, spans: Span[]): Span[] {
  const first = spans[0]?.from;
  const last = spans.at(-1)?.to;
  if (first === undefined || last === undefined) return spans;
  const cut = [...(freezes ?? [])];
  if (strict === true && holidays !== undefined)
    for (const day of holidays) {
      if (day * DAY < first - 2 * DAY || day * DAY > last + 2 * DAY) continue;
      for (const period of zone.periods(day * DAY - 2 * DAY, day * DAY + 3 * DAY))
        cut.push({
          from: Math.max(period.from, day * DAY - period.offset),
          to: Math.min(period.to, (day + 1) * DAY - period.offset),
        });
    }
  return cut.length === 0 ? spans : without(spans, union(cut));
}
