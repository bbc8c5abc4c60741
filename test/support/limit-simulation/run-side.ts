/** One run of a simulation, with the protocol of workflows/kit/limits.ts: asks until it is answered, acts within its lease, gives back. */
import type { LimitRequest, Verdict } from '../../../workflows/engine/limits/rule.ts';
import type { Lease } from '../../../workflows/engine/limits/state.ts';
import type { LimitSide } from './limit-side.ts';
import { ATTEMPT_MS, LEASE_MS, S, TOTAL_MS, type World } from './world.ts';

/** As there: what has to be left of a lease when a step begins, beyond the step. */
const MARGIN_MS = 15 * S;
const POLL_MS = 30 * S;

export interface Acting {
  begin(id: string): void;
  end(id: string): void;
}

export class RunSide {
  readonly name: string;
  readonly #world: World;
  readonly #limit: () => LimitSide;
  readonly #acting: Acting;
  #runId: string;
  #open = true;
  #steps: number;
  #asked = 0;
  /** The request it waits or acts under. */
  #request: LimitRequest | null = null;
  #acts = false;
  /** What becomes of the attempt at work. */
  #onCut: (() => void) | null = null;
  /** No worker takes its tasks until then. */
  #frozenUntil = 0;

  constructor(name: string, world: World, limit: () => LimitSide, acting: Acting) {
    this.name = name;
    this.#runId = name;
    this.#world = world;
    this.#limit = limit;
    this.#acting = acting;
    this.#steps = 1 + world.dice.below(3);
  }

  ask(): void {
    if (!this.#open || this.#request !== null) return;
    const { agenda, dice } = this.#world;
    this.#asked += 1;
    this.#request = {
      id: `${this.#runId}:${this.#asked}`,
      workflowId: this.name,
      runId: this.#runId,
      step: 'act',
      target: this.name,
      leaseMs: LEASE_MS,
      attemptMs: ATTEMPT_MS,
      undo: dice.chance(0.1),
    };
    this.#poll(this.#request, agenda.now + this.#limit().waitMs + 60 * S);
    if (dice.chance(0.1)) this.#frozenUntil = agenda.now + dice.below(400) * S;
  }

  onGrant({ id, until }: Pick<Lease, 'id' | 'until'>): void {
    const { agenda, options } = this.#world;
    if (!this.#open) return this.#limit().take({ kind: 'undeliverable', id });
    if (agenda.now < this.#frozenUntil)
      return agenda.after(this.#frozenUntil - agenda.now, () => this.onGrant({ id, until }));
    const request = this.#request;
    if (request === null || request.id !== id || this.#acts) return;
    const left = until - this.#world.clock();
    if (left < TOTAL_MS + ATTEMPT_MS + MARGIN_MS && options.plant !== 'acts-on-an-old-lease')
      return this.#world.send(() => this.#limit().take({ kind: 'request', request }));
    this.#begin(id);
  }

  onRefusal(id: string): void {
    if (this.#request?.id === id && !this.#acts) this.#leave(id, 'unused', false);
  }

  verdict(runId: string): Verdict {
    const closedAt = this.#world.closings.get(runId);
    if (closedAt === undefined) return { kind: this.#acts ? 'live' : 'idle' };
    return { kind: 'closed', closedAt: this.#world.options.plant === 'frees-what-was-cut-off' ? 0 : closedAt };
  }

  /** Terminated; half of the time to be reset, which is a new run of the same id that does the step again. */
  cut(): void {
    if (!this.#open) return;
    const { agenda, dice, figures } = this.#world;
    figures.cut += 1;
    this.#world.trace(`cut ${this.#runId}`);
    this.#close();
    this.#acts = false;
    this.#request = null;
    if (dice.chance(0.5)) return;
    agenda.after(dice.below(5) * S, () => {
      this.#runId += "'";
      this.#open = true;
      this.ask();
    });
  }

  #poll(request: LimitRequest, giveUpAt: number): void {
    const { agenda } = this.#world;
    if (this.#request?.id !== request.id || this.#acts || !this.#open) return;
    if (agenda.now < this.#frozenUntil)
      return agenda.after(this.#frozenUntil - agenda.now, () => this.#poll(request, giveUpAt));
    if (agenda.now >= giveUpAt) return this.#leave(request.id, 'unused', false);
    this.#world.send(() => this.#limit().take({ kind: 'request', request }));
    agenda.after(POLL_MS, () => this.#poll(request, giveUpAt));
  }

  /** The task that schedules the step may take a while; then attempts fail and are tried again, within the bound of the step. */
  #begin(id: string): void {
    const { agenda, dice, figures, closings } = this.#world;
    const runId = this.#runId;
    this.#acts = true;
    figures.acts += 1;
    const startsAfter = dice.below(10 * S);
    agenda.after(startsAfter, () => {
      if (closings.has(runId)) return;
      this.#acting.begin(id);
      agenda.after(1 + dice.below(TOTAL_MS - startsAfter - 1), () => {
        if (!closings.has(runId)) this.#end(id);
      });
      this.#onCut = () => agenda.after(dice.below(ATTEMPT_MS), () => this.#acting.end(id));
    });
  }

  /** One in ten has timed out: the run goes on while an attempt is still at work. */
  #end(id: string): void {
    const { agenda, dice } = this.#world;
    this.#onCut = null;
    const lingers = dice.chance(0.1);
    if (lingers) agenda.after(dice.below(ATTEMPT_MS), () => this.#acting.end(id));
    else this.#acting.end(id);
    this.#acts = false;
    this.#leave(id, lingers || dice.chance(0.2) ? 'failed' : 'done', lingers);
  }

  #leave(id: string, outcome: 'done' | 'failed' | 'unused', lingers: boolean): void {
    const { agenda, dice, ends } = this.#world;
    this.#request = null;
    if (!lingers) ends.set(id, agenda.now);
    this.#world.send(() => this.#limit().take({ kind: 'release', id, outcome, lingers }));
    this.#steps -= 1;
    if (this.#steps > 0) agenda.after(dice.below(20) * S, () => this.ask());
    else this.#close();
  }

  #close(): void {
    this.#open = false;
    this.#world.closings.set(this.#runId, this.#world.clock());
    if (this.#request !== null) this.#world.ends.set(this.#request.id, this.#world.agenda.now);
    this.#onCut?.();
    this.#onCut = null;
  }
}
