/**
 * From which event on the code of today goes another way. A history replays up to any of its events, and one that does not replay up to an
 * event does not replay further either, so that halving finds the first: for every kind of break, also where the SDK names no event.
 */
import type { History } from './test-run.ts';

/** Up to it the server wrote every event by itself: code had done nothing yet. */
const FIRST_TASK_STARTED = 3;

/** Its number in each of these histories, none of which replays. `replay` tells which of some parts replay, in their order. */
export async function breakingEvents<T extends { readonly history: History }>(
  histories: readonly T[],
  replay: (parts: readonly T[]) => Promise<readonly boolean[]>,
): Promise<readonly number[]> {
  const searches = histories.map((each) => ({ each, good: FIRST_TASK_STARTED, bad: each.history.events?.length ?? 0 }));
  for (;;) {
    const open = searches.filter(({ good, bad }) => bad - good > 1).map((search) => ({ search, at: middle(search) }));
    if (open.length === 0) return searches.map(({ bad }) => bad);
    const good = await replay(open.map(({ search, at }) => upTo(search.each, at)));
    for (const [index, { search, at }] of open.entries()) search[good[index] === true ? 'good' : 'bad'] = at;
  }
}

const middle = ({ good, bad }: { readonly good: number; readonly bad: number }): number => Math.floor((good + bad) / 2);

const upTo = <T extends { readonly history: History }>(recorded: T, count: number): T => ({
  ...recorded,
  history: { ...recorded.history, events: recorded.history.events?.slice(0, count) ?? [] },
});
