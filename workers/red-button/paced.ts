/** Items at a rate: the first at once, the others evenly apart, so that what was held back does not come as a storm. */
import { CommandError, EXIT } from '../exit-code.ts';

export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `10/m`. Rejects with exit code 2. */
export function parseRate(text: string): Rate {
  const [, count = '', unit = ''] = /^([1-9]\d{0,3})\/([smh])$/.exec(text) ?? [];
  const perMs = UNITS[unit];
  if (perMs === undefined)
    throw new CommandError(
      EXIT.refused,
      `rate ${JSON.stringify(text)} is none; expected a number per s, m or h, as 10/m`,
    );
  return { count: Number(count), perMs };
}

export async function* paced<T>(
  items: readonly T[],
  { count, perMs }: Rate,
  sleep: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): AsyncGenerator<T> {
  for (const [index, item] of items.entries()) {
    if (index > 0) await sleep(perMs / count);
    yield item;
  }
}
