/**
 * Takes the slots of a step before it, and gives them back after it, however it ends. Slots of several limits are taken one after the other
 * in one order for all runs, so that no two wait for each other. Relies on nothing to arrive: what is not answered is asked again.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  condition,
  defineSignal,
  isCancellation,
  patched,
  setHandler,
} from '@temporalio/workflow';
import type { AskRequest, Asked } from '../../activities/limits/limit-decisions.ts';
import { ANSWER_SIGNAL, FOREIGN_LEASE, type Fence, LIMIT_REFUSED, type LimitAnswer } from '../engine/limit-protocol.ts';
import type { Outcome } from '../engine/limits/rule.ts';
import { decisions } from './decisions.ts';
import { type HeldLeases, heldLeases } from './held-leases.ts';
import type { LimitUse, StepFacts } from './limit-use.ts';
import { isNotBegun, neverBegan } from './never-began.ts';
import { EFFECTS_STOPPED, NO_WORKER } from './run-context.ts';
import { workflowTime } from './workflow-time.ts';

/** A lease is this much longer than what it covers. */
const GRACE_MS = 30_000;
/** Of it, what may be left for scheduling: a workflow task takes 10 s at most. */
const MARGIN_MS = 15_000;
/** Without an answer it is asked again: soon at first, then once a minute. */
const FIRST_POLL_MS = 10_000;
const MAX_POLL_MS = 60_000;
/** Beyond the longest wait of the limit, for its own answer to arrive. */
const ANSWER_MS = 60_000;
/** A run can be reset again while it asks anew, and a lease can end while another is waited for. */
const MAX_TRIES = 5;
/** Runs of before went on with a lease that was too short by then. */
const COVERS_AT_ONCE = 'leases-cover-at-once';
/** Kept at once: those of steps in progress, and a few that came too late. */
const MAX_ANSWERS = 200;
/** Failures that say that nothing was done. */
const NOTHING_DONE: ReadonlySet<unknown> = new Set([FOREIGN_LEASE, EFFECTS_STOPPED, NO_WORKER]);

export interface LimitedStep {
  readonly uses: readonly LimitUse[];
  readonly facts: StepFacts;
  readonly title: string;
  readonly totalMs: number;
  readonly attemptMs: number;
  /** Takes something back: goes before the others, and past whatever stops them. */
  readonly undo: boolean;
  /** Throws when the run is not to wait any longer. */
  readonly stop: () => void;
  /** Whether `stop` would throw. */
  readonly stops: () => boolean;
  /** Tells whoever reads the run what it waits for. */
  readonly waits: (text: string) => void;
}

/** The limits of one run. Costs nothing until a step is under one. */
export class RunLimits {
  readonly #answers = new Map<string, LimitAnswer>();
  #listening = false;

  /** Rejects as `act` does; with LimitRefused (final) when a slot is not to be had, before anything is done. */
  async hold<T>(step: LimitedStep, act: () => Promise<T>): Promise<T> {
    this.#listen();
    for (let tries = 1; ; tries += 1) {
      const slots = new Slots(step, this.#answers);
      try {
        await slots.takeAll();
        const result = await heldLeases.run(slots, act);
        await slots.giveBackAll(null);
        return result;
      } catch (error) {
        await slots.giveBackAll(error);
        // The run was reset and came with what its predecessor had taken: nothing was done, it asks for itself.
        if (failureType(error) !== FOREIGN_LEASE || tries >= MAX_TRIES) throw error;
      }
    }
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    setHandler(defineSignal<[LimitAnswer]>(ANSWER_SIGNAL), (answer) => this.#take(answer), {
      description: 'A limit answers: a slot is granted, or refused.',
    });
  }

  /** The longer lease is the newer one: answers overtake each other. */
  #take(answer: LimitAnswer): void {
    const known = this.#answers.get(answer.id);
    if (known?.kind === 'granted' && answer.kind === 'granted' && known.until > answer.until) return;
    this.#answers.set(answer.id, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }
}

interface Bounds {
  readonly totalMs: number;
  readonly attemptMs: number;
}

interface Slot extends Asked {
  readonly index: number;
}

/** The slots of one step at one try. */
class Slots implements HeldLeases {
  readonly #step: LimitedStep;
  readonly #answers: Map<string, LimitAnswer>;
  readonly #slots: Slot[] = [];
  #used = false;
  /** More than one call, or one that was made again. */
  #usedAgain = false;

  constructor(step: LimitedStep, answers: Map<string, LimitAnswer>) {
    this.#step = step;
    this.#answers = answers;
  }

  async takeAll(): Promise<void> {
    for (let last = false, index = 0; !last; index += 1) {
      const slot = { index, ...(await this.#ask(index, null)) };
      this.#slots.push(slot);
      await this.#granted(slot, this.#step);
      last = slot.last;
    }
  }

  async cover(bounds: Bounds): Promise<void> {
    for (const slot of this.#slots) if (!this.#covers(slot, bounds)) await this.#granted(slot, bounds);
    // A lease that was long enough may have become too short while another was waited for.
    for (let tries = 1, short = this.#short(bounds); short !== null && patched(COVERS_AT_ONCE); tries += 1) {
      if (tries >= MAX_TRIES)
        throw refusal(`limit ${short.limit} (${short.scope}): its lease ends too soon, again and again`);
      await this.#granted(short, bounds);
      short = this.#short(bounds);
    }
    this.#usedAgain = this.#used;
    this.#used = true;
  }

  #short(bounds: Bounds): Slot | null {
    return this.#slots.find((slot) => !this.#covers(slot, bounds)) ?? null;
  }

  fences(): readonly Fence[] {
    return this.#slots.flatMap(({ id, limit, scope }) => {
      const answer = this.#answers.get(id);
      return answer?.kind === 'granted' ? [{ limit, scope, token: answer.fence, runId: answer.runId }] : [];
    });
  }

  /** Newest first; also when the run is being cancelled. A slot that cannot be given back is found by its limit. */
  async giveBackAll(error: unknown): Promise<void> {
    const outcome = this.#outcome(error);
    const lingers = this.#used && mayLinger(error);
    await CancellationScope.nonCancellable(async () => {
      for (let slot = this.#slots.pop(); slot !== undefined; slot = this.#slots.pop()) {
        const { id, workflowId } = slot;
        await decisions.giveSlotBack({ id, workflowId, outcome, lingers }).catch(() => undefined);
        this.#answers.delete(id);
      }
    });
  }

  #outcome(error: unknown): Outcome {
    if (!this.#used || NOTHING_DONE.has(failureType(error))) return 'unused';
    // It says nothing of the calls before it.
    if (isNotBegun(error) && neverBegan(error)) return this.#usedAgain ? 'done' : 'unused';
    return error instanceof ActivityFailure && !isCancellation(error) ? 'failed' : 'done';
  }

  #ask(index: number, id: string | null): Promise<Asked> {
    const { uses, facts, title, totalMs, attemptMs, undo } = this.#step;
    const request: AskRequest = {
      uses,
      index,
      id,
      facts,
      step: title,
      leaseMs: totalMs + attemptMs + GRACE_MS,
      attemptMs,
      undo,
    };
    // A request that was sent has to be known, so that it can be given back: cancelling waits for it.
    return CancellationScope.nonCancellable(() => decisions.askForSlot(request));
  }

  /** Until the answer is there and the lease long enough; asks again meanwhile, for the slots it has as well, so that they are kept. */
  async #granted(slot: Slot, bounds: Bounds): Promise<void> {
    const deadline = workflowTime() + slot.waitMs + ANSWER_MS;
    for (let poll = FIRST_POLL_MS; ; poll = Math.min(poll * 2, MAX_POLL_MS)) {
      await condition(() => this.#refused(slot) !== null || this.#covers(slot, bounds) || this.#step.stops(), poll);
      this.#step.stop();
      const refused = this.#refused(slot);
      if (refused !== null) throw refusal(refused);
      if (this.#covers(slot, bounds)) return;
      if (workflowTime() >= deadline)
        throw refusal(`limit ${slot.limit} (${slot.scope}): no answer from ${slot.workflowId}`);
      if (poll === FIRST_POLL_MS)
        this.#step.waits(`${this.#step.title}: waits for limit ${slot.limit} (${slot.scope})`);
      for (const held of this.#slots) await this.#ask(held.index, held.id);
    }
  }

  #covers({ id }: Slot, { totalMs, attemptMs }: Bounds): boolean {
    const answer = this.#answers.get(id);
    return answer?.kind === 'granted' && answer.until - workflowTime() >= totalMs + attemptMs + MARGIN_MS;
  }

  #refused({ id }: Slot): string | null {
    const answer = this.#answers.get(id);
    return answer?.kind === 'refused' ? answer.text : null;
  }
}

const refusal = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: LIMIT_REFUSED, message, nonRetryable: true });

/** Whether an attempt may still be at work although the step has ended: one timed out, last or as the cause of it, or went before a refusal. */
function mayLinger(error: unknown): boolean {
  if (isNotBegun(error)) return !neverBegan(error);
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof TimeoutFailure) return true;
    if (each instanceof ApplicationFailure && each.type === EFFECTS_STOPPED) return each.details?.[2] !== 1;
  }
  return false;
}

function failureType(error: unknown): unknown {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof ApplicationFailure ? failure.type : undefined;
}
