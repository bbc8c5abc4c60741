/** What becomes of a request: known, refused, or a place in the queue, from which `settle` grants. */
import type { LimitOutput, Step } from './step.ts';
import { refusal, why } from './refusal.ts';
import type { LimitRequest, LimitRule, RefusalReason } from './rule.ts';
import { type LimitState, finish, finished, hasRoom, sickTargets } from './state.ts';

/** Steps that take something back may wait beyond `queueMax`, up to this. */
const MAX_QUEUE = 1_000;

export function admit(rule: LimitRule, state: LimitState, request: LimitRequest): Step {
  const known = finished(state, request.id);
  if (known !== undefined)
    return { state, outputs: known.refused === null ? [] : [refusal(rule, state, request, known.refused)] };
  if (state.queue.some(({ id }) => id === request.id)) return { state, outputs: [] };
  const lease = state.leases.find(({ id }) => id === request.id);
  if (lease !== undefined) return again(state, request);
  const counted = count(rule, state, request);
  const refused = reasonToRefuse(rule, counted, request);
  const paged = counted.sick && !state.sick ? [sickPage(rule, counted)] : [];
  if (refused === null) return { state: enqueue(rule, counted, request), outputs: paged };
  return { state: finish(counted, request.id, refused), outputs: [...paged, refusal(rule, counted, request, refused)] };
}

/** The answer was lost, or the holder needs more time: the same lease, counted from now. */
function again(state: LimitState, request: LimitRequest): Step {
  const leases = state.leases.map((lease) =>
    lease.id === request.id && lease.phase === 'held'
      ? { ...lease, until: Math.max(lease.until, state.now + request.leaseMs) }
      : lease,
  );
  const held = leases.find(({ id, phase }) => id === request.id && phase === 'held');
  return { state: { ...state, leases }, outputs: held === undefined ? [] : [{ kind: 'grant', lease: held }] };
}

function count(rule: LimitRule, state: LimitState, { target, undo }: LimitRequest): LimitState {
  if (rule.sick === null || undo) return state;
  const { max, withinMs } = rule.sick;
  // One more than allowed is all that has to be known.
  const seen = [...state.seen.filter((each) => each.target !== target), { target, at: state.now }].slice(-(max + 1));
  const next = { ...state, seen };
  return { ...next, sick: sickTargets(next, withinMs) > max };
}

function reasonToRefuse(rule: LimitRule, state: LimitState, { undo }: LimitRequest): RefusalReason | null {
  if (undo) return state.queue.length >= MAX_QUEUE ? 'queue-full' : null;
  if (state.sick) return 'sick';
  if (state.stoppedUntil > state.now) return 'breaker';
  const free = state.queue.length === 0 && hasRoom(rule, state) && state.coolUntil <= state.now;
  if (!free && rule.whenFull === 'refuse') return 'full';
  return !free && state.queue.length >= rule.queueMax ? 'queue-full' : null;
}

/** In the order of arrival; what takes something back goes before what begins something. */
function enqueue(rule: LimitRule, state: LimitState, request: LimitRequest): LimitState {
  const waiter = { ...request, since: state.now, giveUpAt: state.now + rule.waitMs };
  const before = state.queue.filter(({ undo }) => undo || !request.undo);
  const after = state.queue.filter(({ undo }) => !undo && request.undo);
  return { ...state, queue: [...before, waiter, ...after] };
}

const sickPage = (rule: LimitRule, state: LimitState): LimitOutput => ({
  kind: 'page',
  about: 'sick',
  title: `limit ${rule.name} stopped ${rule.scope}: too many are sick at once`,
  text: `${why(rule, state, 'sick')}. Seen lately: ${state.seen.map(({ target }) => target).join(', ')}`,
});
