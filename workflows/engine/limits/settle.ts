/** What time and free slots bring about: leases that end, holders to look at, waiters that give up or get their turn. */
import type { LimitOutput, Step } from './step.ts';
import { refusal } from './refusal.ts';
import type { LimitRule } from './rule.ts';
import { type Lease, type LimitState, cool, finish, hasRoom, sickTargets } from './state.ts';

/** How often holders are looked at while somebody waits for them, or after their lease is over. */
const INSPECT_EVERY_MS = 15_000;

export function settle(rule: LimitRule, state: LimitState): Step {
  const outputs: LimitOutput[] = [];
  let next = forget(rule, endDrained(rule, state));
  next = refuseWaiters(rule, next, outputs);
  next = grantWaiters(rule, next, outputs);
  next = inspectHolders(rule, next, outputs);
  return { state: next, outputs };
}

/** When something is due without anybody asking; null: never. */
export function wakeAt(rule: LimitRule, state: LimitState): number | null {
  const times = [
    ...state.leases.map((lease) => (lease.phase === 'held' ? inspectionDue(lease, waits(state)) : lease.until)),
    ...state.queue.map(({ giveUpAt }) => giveUpAt),
    ...(waits(state) && hasRoom(rule, state) ? [state.coolUntil] : []),
  ];
  return times.length === 0 ? null : Math.min(...times);
}

function endDrained(rule: LimitRule, state: LimitState): LimitState {
  const ended = state.leases.filter(({ phase, until }) => phase !== 'held' && until <= state.now);
  if (ended.length === 0) return state;
  const rest = { ...state, leases: state.leases.filter((lease) => !ended.includes(lease)) };
  return cool(rule, rest, Math.max(...ended.map(({ until }) => until)));
}

function forget(rule: LimitRule, state: LimitState): LimitState {
  const [perMs, withinMs] = [rule.failures?.perMs ?? 0, rule.sick?.withinMs ?? 0];
  const next = {
    ...state,
    failures: state.failures.filter((at) => at > state.now - perMs),
    seen: state.seen.filter(({ at }) => at > state.now - withinMs),
  };
  return { ...next, sick: rule.sick !== null && sickTargets(next, withinMs) > rule.sick.max };
}

function refuseWaiters(rule: LimitRule, state: LimitState, outputs: LimitOutput[]): LimitState {
  const stop = state.sick ? 'sick' : state.stoppedUntil > state.now ? 'breaker' : null;
  let next = state;
  for (const waiter of state.queue) {
    const reason = stop !== null && !waiter.undo ? stop : waiter.giveUpAt <= state.now ? 'waited' : null;
    if (reason === null) continue;
    outputs.push(refusal(rule, state, waiter, reason));
    next = finish({ ...next, queue: next.queue.filter(({ id }) => id !== waiter.id) }, waiter.id, reason);
  }
  return next;
}

function grantWaiters(rule: LimitRule, state: LimitState, outputs: LimitOutput[]): LimitState {
  let next = state;
  for (const waiter of state.queue) {
    if (!hasRoom(rule, next) || (!waiter.undo && next.coolUntil > next.now)) break;
    const { since: _since, giveUpAt: _giveUpAt, ...request } = waiter;
    // From the clock, so that it grows even when this scope has forgotten everything.
    const fence = Math.max(next.fence + 1, next.now);
    const lease: Lease = {
      ...request,
      fence,
      since: next.now,
      until: next.now + request.leaseMs,
      phase: 'held',
      inspectedAt: next.now,
      overrun: false,
    };
    next = { ...next, fence, leases: [...next.leases, lease], queue: next.queue.filter(({ id }) => id !== waiter.id) };
    outputs.push({ kind: 'grant', lease });
  }
  return next;
}

function inspectHolders(rule: LimitRule, state: LimitState, outputs: LimitOutput[]): LimitState {
  const waiting = waits(state) || (rule.whenFull === 'refuse' && !hasRoom(rule, state));
  const leases = state.leases.map((lease) => {
    if (lease.phase !== 'held' || inspectionDue(lease, waiting) > state.now) return lease;
    outputs.push({ kind: 'inspect', lease });
    return { ...lease, inspectedAt: state.now };
  });
  return { ...state, leases };
}

function inspectionDue({ until, inspectedAt }: Lease, waiting: boolean): number {
  // Never looked at, because it could not be told.
  if (inspectedAt === 0) return 0;
  const next = inspectedAt + INSPECT_EVERY_MS;
  return waiting ? next : Math.max(until, next);
}

const waits = (state: LimitState): boolean => state.queue.length > 0;
