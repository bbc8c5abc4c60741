/** Half-open stretches of UTC time, in order and apart: what windows are made of, and how they combine. */

export interface Span {
  /** Seconds since 1970, UTC; inside. */
  readonly from: number;
  /** Outside. */
  readonly to: number;
}

/** In order, with those that touch or overlap made one. */
export function union(spans: readonly Span[]): Span[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((one, other) => one.from - other.from)) {
    if (to <= from) continue;
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** Both arguments in order and apart, as `union` makes them. */
export function intersection(one: readonly Span[], other: readonly Span[]): Span[] {
  const both: Span[] = [];
  for (let i = 0, j = 0; ;) {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) return both;
    const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
    if (from < to) both.push({ from, to });
    if (a.to < b.to) i += 1;
    else j += 1;
  }
}

/** What of `spans` is in none of `cut`; both in order and apart. */
export function without(spans: readonly Span[], cut: readonly Span[]): Span[] {
  const left: Span[] = [];
  for (const { from, to } of spans) {
    let begin = from;
    for (const hole of cut) {
      if (hole.to <= begin) continue;
      if (hole.from >= to) break;
      if (hole.from > begin) left.push({ from: begin, to: hole.from });
      begin = Math.max(begin, hole.to);
    }
    if (begin < to) left.push({ from: begin, to });
  }
  return left;
}
