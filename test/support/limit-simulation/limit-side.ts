/** The limit of a simulation: the real rules, on whatever arrives, with everything checked that must hold after each step. */
import assert from 'node:assert/strict';
import { type LimitInput, reduce } from '../../../workflows/engine/limits/reduce.ts';
import type { LimitRule, Verdict } from '../../../workflows/engine/limits/rule.ts';
import { wakeAt } from '../../../workflows/engine/limits/settle.ts';
import { EMPTY, type Lease, type LimitState } from '../../../workflows/engine/limits/state.ts';
import { S, type World } from './world.ts';

export interface Answers {
  readonly granted: (lease: Lease) => void;
  readonly refused: (id: string) => void;
  readonly verdictOf: (workflowId: string, runId: string) => Verdict;
  readonly runs: number;
}

export class LimitSide {
  readonly #world: World;
  readonly #answers: Answers;
  /** When a lease was given or last extended, which a late copy of its request does as well. */
  readonly #extended = new Map<string, number>();
  #rule: LimitRule;
  #state: LimitState = EMPTY;
  #lastFence = 0;
  /** A share of a set that changes: what was allowed at any time is the bound. */
  most: number;

  constructor(world: World, answers: Answers) {
    this.#world = world;
    this.#answers = answers;
    this.#rule = ruleOf(world);
    this.most = this.#rule.slots;
  }

  get waitMs(): number {
    return this.#rule.waitMs;
  }

  changeSlots(): void {
    this.#rule = { ...this.#rule, slots: 1 + this.#world.dice.below(3) };
    this.most = Math.max(this.most, this.#rule.slots);
    this.take({ kind: 'tick' });
  }

  take(input: LimitInput): void {
    const { dice, figures } = this.#world;
    this.#trace(input);
    // As a new execution finds it.
    const before = dice.chance(0.1) ? (JSON.parse(JSON.stringify(this.#state)) as LimitState) : this.#state;
    const { state, outputs } = reduce(this.#rule, before, input, this.#world.clock());
    this.#state = state;
    for (const output of outputs) {
      if (output.kind === 'grant') this.#granted(output.lease, before);
      else if (output.kind === 'inspect') this.#inspect(output.lease);
      else if (output.kind === 'page') figures.pages += 1;
      else {
        figures.refusals += 1;
        this.#answers.refused(output.request.id);
      }
    }
    this.#check(before);
    this.#wake();
  }

  isIdle(): void {
    assert.deepEqual(this.#state.leases, [], `no lease is left (seed ${this.#world.seed})`);
    assert.deepEqual(this.#state.queue, []);
  }

  #granted(lease: Lease, before: LimitState): void {
    if (!before.leases.some(({ id }) => id === lease.id)) {
      this.#world.figures.grants += 1;
      assert.ok(lease.fence > this.#lastFence, `fence ${lease.fence} after ${this.#lastFence}`);
      this.#lastFence = lease.fence;
      assert.ok(this.#state.leases.length <= this.#rule.slots, 'no lease beyond the slots');
      const place = (id: string): number => before.queue.findIndex((each) => each.id === id);
      for (const waiter of this.#state.queue)
        if (waiter.undo === lease.undo && place(waiter.id) !== -1)
          assert.ok(place(lease.id) !== -1 && place(lease.id) < place(waiter.id), 'first come, first served');
    }
    this.#answers.granted(lease);
  }

  #inspect({ id, workflowId, runId }: Lease): void {
    const { agenda, dice } = this.#world;
    agenda.after(dice.below(2 * S), () => {
      const verdict: Verdict = dice.chance(0.1) ? { kind: 'unknown' } : this.#answers.verdictOf(workflowId, runId);
      agenda.after(dice.below(3 * S), () => this.take({ kind: 'inspected', id, verdict }));
    });
  }

  #check(before: LimitState): void {
    const { agenda, ends, figures } = this.#world;
    assert.ok(this.#state.now >= before.now);
    for (const waiter of this.#state.queue)
      assert.ok(waiter.giveUpAt > this.#state.now, 'nobody waits longer than the bound');
    assert.ok(this.#state.queue.length <= this.#rule.queueMax + this.#answers.runs, 'the queue is bounded');
    for (const { id, until } of this.#state.leases)
      if (before.leases.find((each) => each.id === id)?.until !== until) this.#extended.set(id, agenda.now);
    for (const { id } of before.leases) {
      const ended = ends.get(id);
      if (ended === undefined || this.#state.leases.some((each) => each.id === id)) continue;
      const leak = agenda.now - Math.max(ended, this.#extended.get(id) ?? 0);
      figures.longestLeak = Math.max(figures.longestLeak, leak);
    }
  }

  #wake(): void {
    const due = wakeAt(this.#rule, this.#state);
    if (due === null) return;
    this.#world.agenda.after(Math.max(S, due - this.#world.clock()), () => {
      if (wakeAt(this.#rule, this.#state) === due) this.take({ kind: 'tick' });
    });
  }

  #trace(input: LimitInput): void {
    if (this.#world.options.trace === undefined) return;
    const left = (until: number): number => (until - this.#world.clock()) / S;
    const leases = this.#state.leases.map(({ id, phase, until }) => `${id} ${phase} for ${left(until)}`);
    this.#world.trace(`limit: ${JSON.stringify(input)} | ${leases.join(', ')}`);
  }
}

const ruleOf = ({ dice }: World): LimitRule => ({
  name: 'sim',
  scope: 'fleet',
  slots: 1 + dice.below(3),
  failures: dice.chance(0.3) ? { max: 2 + dice.below(3), perMs: 300 * S } : null,
  coolDownMs: dice.chance(0.3) ? dice.below(20) * S : 0,
  whenFull: dice.chance(0.8) ? 'queue' : 'refuse',
  queueMax: 1 + dice.below(8),
  waitMs: (60 + dice.below(600)) * S,
  sick: dice.chance(0.2) ? { max: 2 + dice.below(4), withinMs: 120 * S, of: 10 } : null,
});
