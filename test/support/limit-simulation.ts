/**
 * One scope of a limit and the runs around it in virtual time: messages are lost, copied and overtaken, runs are terminated and reset, attempts
 * outlive their runs, clocks leap. What happens comes from the seed alone. The run's side is the protocol of workflows/kit/limits.ts.
 */
import assert from 'node:assert/strict';
import { type LimitInput, reduce } from '../../workflows/engine/limits/reduce.ts';
import type { LimitRequest, LimitRule, Verdict } from '../../workflows/engine/limits/rule.ts';
import { wakeAt } from '../../workflows/engine/limits/settle.ts';
import { EMPTY, type LimitState } from '../../workflows/engine/limits/state.ts';

export interface Figures {
  readonly acts: number;
  readonly grants: number;
  readonly refusals: number;
  readonly pages: number;
  readonly cut: number;
  /** Most acting at once. */
  readonly peak: number;
  /** Longest time a slot was held after its step had ended and its lease was last extended, ms. */
  readonly longestLeak: number;
}

export interface SimulationOptions {
  /** A fault planted to see that the simulation notices. */
  readonly plant?: 'acts-on-an-old-lease' | 'frees-what-was-cut-off';
  /** Told everything, to see why a schedule fails. */
  readonly trace?: (line: string) => void;
}

const S = 1_000;
const TOTAL_MS = 120 * S;
const ATTEMPT_MS = 40 * S;
export const LEASE_MS = TOTAL_MS + ATTEMPT_MS + 30 * S;
/** What workflows/kit/limits.ts keeps between the end of a step and the end of its lease. */
const MARGIN_MS = 15 * S;
const POLL_MS = 30 * S;
const HORIZON_MS = 3_600 * S;

interface SimulatedRun {
  readonly name: string;
  runId: string;
  open: boolean;
  stepsLeft: number;
  /** No worker takes its tasks until then. */
  frozenUntil: number;
  /** The request it waits under; null: not waiting. */
  asking: LimitRequest | null;
  acting: boolean;
  undo: boolean;
}

export function simulate(seed: number, options: SimulationOptions = {}): Figures {
  const random = randomOf(seed);
  const chance = (p: number): boolean => random() < p;
  const below = (n: number): number => Math.floor(random() * n);
  const events = new Agenda();
  const slots = 1 + below(3);
  let rule: LimitRule = {
    name: 'sim',
    scope: 'fleet',
    slots,
    failures: chance(0.3) ? { max: 2 + below(3), perMs: 300 * S } : null,
    coolDownMs: chance(0.3) ? below(20) * S : 0,
    whenFull: chance(0.8) ? 'queue' : 'refuse',
    queueMax: 1 + below(8),
    waitMs: (60 + below(600)) * S,
    sick: chance(0.2) ? { max: 2 + below(4), withinMs: 120 * S, of: 10 } : null,
  };
  /** Percent of a size that changes: what was allowed at any time is the bound. */
  let most = slots;
  let state: LimitState = EMPTY;
  let offset = 0;
  let lastFence = 0;
  let [acting, acts, grants, refusals, pages, cut, peak, longestLeak, ids] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  const acted = new Set<string>();
  const ends = new Map<string, number>();
  /** When its lease was given or last extended, which a late copy of its request does as well. */
  const extended = new Map<string, number>();
  const clock = (): number => 1_700_000_000_000 + events.now + offset;
  const reliable = (): number => below(5) * S + below(1_000);

  /** Lost, copied, late. */
  const send = (deliver: () => void, lossy = true): void => {
    if (lossy && chance(0.1)) return;
    const copies = chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1)
      events.at(events.now + (chance(0.1) ? below(chance(0.2) ? 400 : 60) * S : reliable()), deliver);
  };

  const trace = (what: string): void =>
    options.trace?.(
      `${events.now / S} ${what} | ${state.leases.map(({ id, phase, until }) => `${id} ${phase} for ${(until - clock()) / S}`).join(', ')}`,
    );

  const toLimit = (input: LimitInput): void => {
    trace(
      `limit: ${input.kind} ${input.kind === 'request' ? input.request.id : 'id' in input ? input.id : ''} ${JSON.stringify(input)}`,
    );
    // As a new execution finds it.
    if (chance(0.1)) state = JSON.parse(JSON.stringify(state)) as LimitState;
    const before = state;
    const step = reduce(rule, state, input, clock());
    state = step.state;
    assert.ok(step.state.now >= before.now);
    for (const output of step.outputs) {
      if (output.kind === 'grant') granted(output.lease.id, output.lease.fence, before);
      else if (output.kind === 'refuse') refused(output.request.id);
      else if (output.kind === 'inspect') inspect(output.lease.id, output.lease.workflowId, output.lease.runId);
      else pages += 1;
    }
    for (const waiter of state.queue) assert.ok(waiter.giveUpAt > state.now, 'nobody waits longer than the bound');
    assert.ok(state.queue.length <= rule.queueMax + runs.length, 'the queue is bounded');
    for (const lease of state.leases)
      if (before.leases.find(({ id }) => id === lease.id)?.until !== lease.until) extended.set(lease.id, events.now);
    for (const lease of before.leases)
      if (!state.leases.some(({ id }) => id === lease.id)) {
        const ended = ends.get(lease.id);
        if (ended !== undefined)
          longestLeak = Math.max(longestLeak, events.now - Math.max(ended, extended.get(lease.id) ?? 0));
      }
    const due = wakeAt(rule, state);
    if (due !== null) events.at(Math.max(events.now + S, events.now + due - clock()), () => tick(due));
  };
  const tick = (due: number): void => {
    if (wakeAt(rule, state) === due) toLimit({ kind: 'tick' });
  };

  const granted = (id: string, fence: number, before: LimitState): void => {
    const lease = state.leases.find((each) => each.id === id) ?? assert.fail('a grant without a lease');
    if (!before.leases.some((each) => each.id === id)) {
      grants += 1;
      assert.ok(fence > lastFence, `fence ${fence} after ${lastFence}`);
      lastFence = fence;
      const earlier = state.queue.filter(
        (waiter) => waiter.undo === lease.undo && before.queue.findIndex((each) => each.id === waiter.id) !== -1,
      );
      const own = before.queue.findIndex((each) => each.id === id);
      for (const waiter of earlier)
        assert.ok(
          own !== -1 && own < before.queue.findIndex((each) => each.id === waiter.id),
          'first come, first served',
        );
      assert.ok(state.leases.length <= rule.slots, 'no lease beyond the slots');
    }
    const run = runs.find(({ name }) => name === lease.workflowId) ?? assert.fail('no such run');
    send(() => {
      if (!run.open) toLimit({ kind: 'undeliverable', id });
      else onGrant(run, id, lease.until);
    });
  };
  const refused = (id: string): void => {
    refusals += 1;
    const run = runs.find(({ asking }) => asking?.id === id);
    send(() => {
      if (run?.asking?.id === id) giveUp(run, id);
    });
  };
  const inspect = (id: string, name: string, runId: string): void => {
    const run = runs.find((each) => each.name === name) ?? assert.fail('no such run');
    events.at(events.now + below(2_000), () => {
      const verdict = chance(0.1) ? ({ kind: 'unknown' } as const) : verdictOf(run, runId);
      events.at(events.now + below(3_000), () => toLimit({ kind: 'inspected', id, verdict }));
    });
  };
  const closings = new Map<string, number>();
  const verdictOf = (run: SimulatedRun, runId: string): Verdict => {
    const closing = closings.get(runId);
    if (closing === undefined) return { kind: run.acting ? 'live' : 'idle' };
    return { kind: 'closed', closedAt: options.plant === 'frees-what-was-cut-off' ? 0 : closing };
  };

  const ask = (run: SimulatedRun): void => {
    ids += 1;
    run.undo = chance(0.1);
    run.asking = {
      id: `${run.runId}:${ids}`,
      workflowId: run.name,
      runId: run.runId,
      step: 'act',
      target: run.name,
      leaseMs: LEASE_MS,
      attemptMs: ATTEMPT_MS,
      undo: run.undo,
    };
    request(run, run.asking, events.now + rule.waitMs + 60 * S);
    if (chance(0.1)) run.frozenUntil = events.now + below(400) * S;
  };
  const request = (run: SimulatedRun, asked: LimitRequest, giveUpAt: number): void => {
    if (run.asking?.id !== asked.id || run.acting || !run.open) return;
    if (events.now < run.frozenUntil) return events.at(run.frozenUntil, () => request(run, asked, giveUpAt));
    if (events.now >= giveUpAt) return giveUp(run, asked.id);
    send(() => toLimit({ kind: 'request', request: asked }));
    events.at(events.now + POLL_MS, () => request(run, asked, giveUpAt));
  };
  const onGrant = (run: SimulatedRun, id: string, until: number): void => {
    if (events.now < run.frozenUntil) return events.at(run.frozenUntil, () => onGrant(run, id, until));
    if (run.asking?.id !== id || run.acting || acted.has(id)) return;
    if (until - clock() < TOTAL_MS + ATTEMPT_MS + MARGIN_MS && options.plant !== 'acts-on-an-old-lease') {
      const { asking } = run;
      send(() => toLimit({ kind: 'request', request: asking }));
      return;
    }
    begin(run, id);
  };
  const begin = (run: SimulatedRun, id: string): void => {
    const { runId } = run;
    acted.add(id);
    run.acting = true;
    acts += 1;
    // The task that schedules it may take a while; then attempts fail and are tried again, within the bound of the step.
    const scheduledAt = events.now;
    const startsAfter = below(10 * S);
    const lasts = startsAfter + 1 + below(TOTAL_MS - startsAfter - 1);
    let working = false;
    events.at(scheduledAt + startsAfter, () => {
      if (closings.has(runId)) return;
      working = true;
      acting += 1;
      trace(`begin ${id}`);
      peak = Math.max(peak, acting);
      assert.ok(acting <= most, `${acting} act at once, ${most} may (seed ${seed})`);
      const end = (): void => {
        if (!working) return;
        working = false;
        acting -= 1;
        trace(`end ${id}`);
      };
      onCut.set(runId, () => events.at(Math.min(events.now + below(ATTEMPT_MS), scheduledAt + TOTAL_MS), end));
      events.at(scheduledAt + lasts, () => {
        if (closings.has(runId)) return;
        // Timed out: the run goes on while an attempt is still at work.
        const lingers = chance(0.1);
        if (lingers) events.at(events.now + below(ATTEMPT_MS), end);
        else end();
        leave(run, id, lingers);
      });
    });
  };
  const onCut = new Map<string, () => void>();
  const leave = (run: SimulatedRun, id: string, lingers: boolean): void => {
    run.acting = false;
    run.asking = null;
    if (!lingers) ends.set(id, events.now);
    const outcome = chance(0.2) || lingers ? 'failed' : 'done';
    send(() => toLimit({ kind: 'release', id, outcome, lingers }));
    next(run);
  };
  const giveUp = (run: SimulatedRun, id: string): void => {
    run.asking = null;
    send(() => toLimit({ kind: 'release', id, outcome: 'unused', lingers: false }));
    next(run);
  };
  const next = (run: SimulatedRun): void => {
    run.stepsLeft -= 1;
    if (run.stepsLeft > 0) events.at(events.now + below(20) * S, () => run.open && run.asking === null && ask(run));
    else close(run, false);
  };
  const close = (run: SimulatedRun, byForce: boolean): void => {
    if (!run.open) return;
    run.open = false;
    closings.set(run.runId, clock());
    if (run.asking !== null) ends.set(run.asking.id, events.now);
    if (!byForce) return;
    cut += 1;
    trace(`cut ${run.runId}`);
    onCut.get(run.runId)?.();
    run.acting = false;
    run.asking = null;
    if (chance(0.5)) return;
    // Reset: a new run of the same id does the step again.
    events.at(events.now + below(5) * S, () => {
      run.runId += "'";
      run.open = true;
      ask(run);
    });
  };

  const runs: SimulatedRun[] = Array.from({ length: 2 + below(7) }, (_, index) => ({
    name: `run-${index}`,
    runId: `r${index}`,
    open: true,
    stepsLeft: 1 + below(3),
    frozenUntil: 0,
    asking: null,
    acting: false,
    undo: false,
  }));
  for (const run of runs) {
    events.at(below(60) * S, () => ask(run));
    if (chance(0.4)) events.at(below(600) * S, () => close(run, true));
  }
  if (chance(0.2)) events.at(below(600) * S, () => (offset += chance(0.5) ? below(20) * S : 3_600 * S));
  if (chance(0.2))
    events.at(below(600) * S, () => {
      rule = { ...rule, slots: 1 + below(3) };
      most = Math.max(most, rule.slots);
      toLimit({ kind: 'tick' });
    });
  events.run(HORIZON_MS);
  assert.equal(acting, 0, 'everything has ended');
  assert.deepEqual(state.leases, [], `no lease is left (seed ${seed})`);
  assert.deepEqual(state.queue, []);
  return { acts, grants, refusals, pages, cut, peak, longestLeak };
}

/** Events in the order of their time, and of their making when that is the same. */
class Agenda {
  now = 0;
  readonly #heap: { readonly time: number; readonly order: number; readonly work: () => void }[] = [];
  #made = 0;

  at(time: number, work: () => void): void {
    this.#made += 1;
    const item = { time: Math.max(time, this.now), order: this.#made, work };
    let index = this.#heap.length;
    while (index > 0 && later(this.#heap[index - 1], item)) index -= 1;
    this.#heap.splice(index, 0, item);
  }

  run(until: number): void {
    for (let item = this.#heap.shift(); item !== undefined && item.time <= until; item = this.#heap.shift()) {
      this.now = item.time;
      item.work();
    }
  }
}

const later = (
  a: { readonly time: number; readonly order: number } | undefined,
  b: { readonly time: number; readonly order: number },
): boolean => a !== undefined && (a.time > b.time || (a.time === b.time && a.order > b.order));

/** mulberry32 */
function randomOf(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
