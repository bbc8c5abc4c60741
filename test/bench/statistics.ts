/** Medians with their spread: single timings on a shared machine say little. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `>= 0.9` and the like; null for a raw figure. */
  readonly target: string | null;
  /** Null for a raw figure. */
  readonly ok: boolean | null;
  /** Lowest and highest of the rounds. */
  readonly spread: readonly [number, number];
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

export function row(
  name: string,
  unit: string,
  rounds: readonly number[],
  target?: readonly ['>=' | '<=', number],
): Row {
  const value = median(rounds);
  const met = target === undefined ? null : target[0] === '>=' ? value >= target[1] : value <= target[1];
  return {
    name,
    value: rounded(value),
    unit,
    target: target === undefined ? null : `${target[0]} ${target[1]}`,
    ok: met,
    spread: [rounded(Math.min(...rounds)), rounded(Math.max(...rounds))],
  };
}
