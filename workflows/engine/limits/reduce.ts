/**
 * One limit for one scope, as a pure function: what is asked, given back or found out changes the state and says what has to be done.
 * Concurrency, lock, budget, breaker and cool-down are this one thing.
 *
 * The safety rests on two promises: a holder begins nothing that could last beyond its lease, and a slot is free again only when
 * the holder gave it back, its run is known to be over, or the lease is over and no step of it is in progress.
 */
import { admit } from './admit.ts';
import type { LimitRequest, LimitRule, Outcome, Verdict } from './rule.ts';
import { settle, wakeAt } from './settle.ts';
import { type Lease, type LimitState, cool, finish, finished } from './state.ts';
import type { Step } from './step.ts';

export type LimitInput =
  | { readonly kind: 'request'; readonly request: LimitRequest }
  /** `lingers`: an attempt of the step may still be at work. */
  | { readonly kind: 'release'; readonly id: string; readonly outcome: Outcome; readonly lingers: boolean }
  | { readonly kind: 'inspected'; readonly id: string; readonly verdict: Verdict }
  /** The holder could not be told that it has the lease. */
  | { readonly kind: 'undeliverable'; readonly id: string }
  | { readonly kind: 'tick' };

/** A live holder whose lease is over gets this much more, until it is looked at again. */
const EXTENSION_MS = 30_000;

/** An attempt may outlast its bound by this: a worker notices late, a clock is set. */
const DRAIN_GRACE_MS = 30_000;
/** Later than this after it was due, time has leapt: nobody looked for a while, or the clock was set forward. */
const LEAP_MS = 5_000;

/** `now`: ms since 1970; a clock that goes back counts as one that stands still. */
export function reduce(rule: LimitRule, before: LimitState, input: LimitInput, now: number): Step {
  const state = afterLeap(rule, before, Math.max(before.now, now));
  const taken = take(rule, state, input);
  const settled = settle(rule, taken.state);
  return { state: settled.state, outputs: [...taken.outputs, ...settled.outputs] };
}

/** What ended unseen may still be at work by a clock that did not leap: one attempt's time more, once. */
function afterLeap(rule: LimitRule, before: LimitState, now: number): LimitState {
  const due = wakeAt(rule, before);
  if (due === null || now - due <= LEAP_MS) return { ...before, now };
  const leases = before.leases.map((lease) =>
    lease.until <= now && !lease.overrun ? { ...lease, overrun: true, until: drained(lease, now) } : lease,
  );
  return { ...before, now, leases };
}

function take(rule: LimitRule, state: LimitState, input: LimitInput): Step {
  switch (input.kind) {
    case 'request':
      return admit(rule, state, input.request);
    case 'release':
      return release(rule, state, input);
    case 'inspected':
      return { state: inspected(rule, state, input.id, input.verdict), outputs: [] };
    case 'undeliverable':
      return { state: change(state, input.id, (lease) => ({ ...lease, inspectedAt: 0 })), outputs: [] };
    case 'tick':
      return { state, outputs: [] };
  }
}

function release(
  rule: LimitRule,
  state: LimitState,
  { id, outcome, lingers }: Extract<LimitInput, { kind: 'release' }>,
): Step {
  const lease = state.leases.find((each) => each.id === id && each.phase !== 'left');
  // A copy of a release.
  if (lease === undefined && finished(state, id) !== undefined) return { state, outputs: [] };
  // Also when it is not known: its request comes late, and must not be granted any more.
  const done = finish({ ...state, queue: state.queue.filter((each) => each.id !== id) }, id);
  if (lease === undefined) return { state: done, outputs: [] };
  const given = lingers
    ? change(done, id, (each) => ({ ...each, phase: 'left', until: drained(each, state.now) }))
    : without(done, id);
  const cooled = outcome === 'unused' ? given : cool(rule, given);
  return outcome === 'failed' ? countFailure(rule, cooled, lease) : { state: cooled, outputs: [] };
}

function countFailure(rule: LimitRule, state: LimitState, lease: Lease): Step {
  if (rule.failures === null) return { state, outputs: [] };
  const { max, perMs } = rule.failures;
  const failures = [...state.failures.filter((at) => at > state.now - perMs), state.now].slice(-max);
  if (failures.length < max) return { state: { ...state, failures }, outputs: [] };
  const text = `${failures.length} steps failed within ${seconds(perMs)}, the last one ${lease.step} of ${lease.workflowId}; no more begin for ${seconds(perMs)}`;
  const page = { kind: 'page', about: 'breaker', title: `limit ${rule.name} stopped ${rule.scope}`, text } as const;
  // Counting begins anew when it is over.
  return { state: { ...state, failures: [], stoppedUntil: state.now + perMs }, outputs: [page] };
}

function inspected(rule: LimitRule, state: LimitState, id: string, verdict: Verdict): LimitState {
  const lease = state.leases.find((each) => each.id === id && each.phase === 'held');
  if (lease === undefined || verdict.kind === 'unknown') return state;
  if (verdict.kind === 'closed') return closed(state, lease, verdict.closedAt);
  if (lease.until > state.now) return state;
  if (verdict.kind === 'live')
    return change(state, id, (held) => ({ ...held, overrun: true, until: state.now + EXTENSION_MS }));
  // Not finished: its run may ask again, and then gets a new one.
  return lease.overrun
    ? change(state, id, (held) => ({ ...held, phase: 'left', until: drained(held, state.now) }))
    : cool(rule, without(state, id));
}

function closed(state: LimitState, lease: Lease, closedAt: number): LimitState {
  const done = finish(state, lease.id);
  // It ended before it was given the lease, so it never acted under it.
  if (closedAt < lease.since) return without(done, lease.id);
  const until = lease.overrun ? drained(lease, state.now) : Math.min(lease.until, drained(lease, closedAt));
  return change(done, lease.id, (held) => ({ ...held, phase: 'lost', until }));
}

/** When an attempt that was at work at that time must have ended. */
const drained = ({ attemptMs }: Lease, from: number): number => from + attemptMs + DRAIN_GRACE_MS;

const without = (state: LimitState, id: string): LimitState => ({
  ...state,
  leases: state.leases.filter((lease) => lease.id !== id),
});

const change = (state: LimitState, id: string, by: (lease: Lease) => Lease): LimitState => ({
  ...state,
  leases: state.leases.map((lease) => (lease.id === id ? by(lease) : lease)),
});

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
