/**
 * The same procedure for many items side by side. A part that fails keeps nobody else from going on: it becomes a result like any other.
 * What ends the whole run (a resolved alert, a cancellation, an escalation, a mistake in the code) still does, once the parts at work have ended.
 */
import { ApplicationFailure, type TemporalFailure } from '@temporalio/workflow';
import { innermost } from './cause.ts';
import { endsTheRun } from './ends-the-run.ts';

export type Part<Item, Value> =
  | { readonly item: Item; readonly ok: true; readonly value: Value }
  | { readonly item: Item; readonly ok: false; readonly failure: PartFailure };

export interface PartFailure {
  /** Failure type, such as `NoWorker`. */
  readonly type: string;
  readonly message: string;
}

export interface FanOutOptions {
  /** How many at once; default 10, at most 100. */
  readonly parallel?: number;
}

const DEFAULT_PARALLEL = 10;
const MAX_PARALLEL = 100;
/** More would not fit into one history: give them to child runs. */
const MAX_ITEMS = 1_000;

/**
 * One result for each item, in the order of the items. Undos of parts that succeeded stay with the run: they are called should it fail later on.
 * @example
 * const parts = await fanOut(hosts, (host) => run.act(`patch ${host}`, (on) => on.patch({ host })), { parallel: 5 });
 * const failed = parts.filter(({ ok }) => !ok);
 */
export async function fanOut<Item, Value>(
  items: readonly Item[],
  each: (item: Item, index: number) => Promise<Value>,
  { parallel = DEFAULT_PARALLEL }: FanOutOptions = {},
): Promise<readonly Part<Item, Value>[]> {
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > MAX_PARALLEL)
    throw refused(`fanOut: parallel is ${parallel}, expected 1 to ${MAX_PARALLEL}`);
  if (items.length > MAX_ITEMS)
    throw refused(`fanOut: ${items.length} items, expected ${MAX_ITEMS} at most; give parts of them to child runs`);
  const parts: Part<Item, Value>[] = [];
  const ends: unknown[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length && ends.length === 0; index = next++) {
      const item = items[index] as Item;
      try {
        parts[index] = { item, ok: true, value: await each(item, index) };
      } catch (error) {
        if (endsTheRun(error)) ends.push(error);
        else parts[index] = { item, ok: false, failure: failureOf(error as TemporalFailure) };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, lane));
  if (ends.length > 0) throw ends[0];
  return parts;
}

function failureOf(error: TemporalFailure): PartFailure {
  const cause = innermost(error) as Error;
  return {
    type: (cause instanceof ApplicationFailure ? cause.type : null) ?? cause.name,
    message: cause.message,
  };
}

const refused = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'FanOutRefused', message, nonRetryable: true });
