/** The question every decision asks: is it open at this instant, until when, and if not, when next? */
import { DAY } from './civil.ts';
import type { Span } from './spans.ts';

/** Whatever yields open stretches: one window in one zone, or a combination. */
export type Spans = (from: number, to: number) => readonly Span[];

export interface Opening {
  readonly open: boolean;
  /** When the stretch that `at` is in began, or the next one begins; null: not within the horizon. */
  readonly opensAt: number | null;
  /** When that stretch ends; null: not within the horizon. */
  readonly closesAt: number | null;
}

/** How far ahead is looked before saying: never. Seconds. */
export const HORIZON = 400 * DAY;
/** The answer is usually near; each look takes in three times as much. */
const FIRST_LOOK = 3 * DAY;

export function openingAt(spans: Spans, at: number): Opening {
  for (let ahead = FIRST_LOOK; ; ahead = Math.min(ahead * 3, HORIZON)) {
    const [from, to] = [at - FIRST_LOOK, at + ahead];
    const span = spans(from, to).find((candidate) => candidate.to > at);
    // What reaches the edge may go on beyond it, and what begins there may have begun before.
    if (span !== undefined && span.to < to)
      return { open: span.from <= at, opensAt: begin(spans, span, from), closesAt: span.to };
    if (ahead < HORIZON) continue;
    if (span === undefined) return { open: false, opensAt: null, closesAt: null };
    return { open: span.from <= at, opensAt: begin(spans, span, from), closesAt: null };
  }
}

function begin(spans: Spans, span: Span, edge: number): number | null {
  if (span.from > edge) return span.from;
  const longer = spans(span.from - HORIZON, span.to).at(-1);
  return longer === undefined || longer.from <= span.from - HORIZON ? null : longer.from;
}
