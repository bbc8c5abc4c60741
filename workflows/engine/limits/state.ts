/** What one scope of one limit remembers: plain data, carried from one execution of its workflow to the next. */
import type { LimitRequest, LimitRule, RefusalReason } from './rule.ts';

export interface Lease extends LimitRequest {
  /** Higher than that of every lease before it. */
  readonly fence: number;
  readonly since: number;
  /** The holder begins nothing whose last attempt could last longer. */
  readonly until: number;
  /** `left`: given back while an attempt may still be at work. `lost`: the holder's run is closed. Both end at `until`. */
  readonly phase: 'held' | 'left' | 'lost';
  readonly inspectedAt: number;
  /** It outlasted its own bound, because time leapt or a step went on: the bound promises nothing any more. */
  readonly overrun: boolean;
}

export interface Waiter extends LimitRequest {
  readonly since: number;
  readonly giveUpAt: number;
}

export interface LimitState {
  /** Newest time seen; never goes back. */
  readonly now: number;
  readonly fence: number;
  readonly leases: readonly Lease[];
  readonly queue: readonly Waiter[];
  /** When steps failed, within the period of the breaker. */
  readonly failures: readonly number[];
  /** The breaker is open until then; 0: it is not. */
  readonly stoppedUntil: number;
  readonly coolUntil: number;
  /** Targets seen lately, oldest first. */
  readonly seen: readonly { readonly target: string; readonly at: number }[];
  /** Too many targets are sick. */
  readonly sick: boolean;
  /** Requests that are over: a copy that arrives late changes nothing, and is refused once more if it was. */
  readonly finished: readonly { readonly id: string; readonly refused: RefusalReason | null }[];
}

export const EMPTY: LimitState = {
  now: 0,
  fence: 0,
  leases: [],
  queue: [],
  failures: [],
  stoppedUntil: 0,
  coolUntil: 0,
  seen: [],
  sick: false,
  finished: [],
};

/** Copies later than this many newer requests are found by the next inspection instead. */
const MAX_FINISHED = 500;

export const finish = (state: LimitState, id: string, refused: RefusalReason | null = null): LimitState => ({
  ...state,
  finished: [...state.finished.filter((each) => each.id !== id), { id, refused }].slice(-MAX_FINISHED),
});

export const finished = (state: LimitState, id: string): LimitState['finished'][number] | undefined =>
  state.finished.find((each) => each.id === id);

export const hasRoom = (rule: LimitRule, state: LimitState): boolean => state.leases.length < rule.slots;

/** The same state a cool-down after now. */
export const cool = (rule: LimitRule, state: LimitState, from = state.now): LimitState => ({
  ...state,
  coolUntil: Math.max(state.coolUntil, from + rule.coolDownMs),
});

/** Different targets that are treated, wait, or were seen within the time. */
export function sickTargets(state: LimitState, withinMs: number): number {
  const targets = new Set(state.seen.filter(({ at }) => at > state.now - withinMs).map(({ target }) => target));
  for (const { target } of state.leases) targets.add(target);
  for (const { target } of state.queue) targets.add(target);
  return targets.size;
}
