/**
 * Walks through a procedure to find out what it would do: checks are made for real, effects are only noted down, and what has happened in
 * this run already is taken from its journal. Nothing here can act: effects are never called, whatever the procedure does.
 */
import { ApplicationFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import { asJson } from './canonical.ts';
import type { ChildOptions } from './child-runs.ts';
import { escalate } from './escalate.ts';
import { ESCALATED } from './escalated.ts';
import type { AskOptions } from './ask-human.ts';
import { heldWindow } from './held-window.ts';
import { type Journal, type Look, recall } from './journal.ts';
import { Queue } from './queue.ts';
import type { Plan, PlannedAction, PlannedObservation } from './plan.ts';
import { PlanEnds, recordCalls, unknownResult } from './record-calls.ts';
import { ResolvedMeanwhile } from './resolved.ts';
import type { ActOptions, CheckOptions, Run } from './run.ts';
import type { RunContext } from './run-context.ts';
import type { Activities } from './step-activities.ts';
import { plannedWindow } from './window-options.ts';
import type { WaitOptions, Waited } from './wait-for.ts';

export interface PlanningOptions<Input, Acts> {
  readonly procedure: (input: Input, run: Run<Acts>) => Promise<unknown>;
  readonly input: Input;
  readonly context: RunContext;
  readonly journal: Journal;
  readonly look: Look<Acts>;
}

/** Rejects as the procedure does, as long as it would not have acted. */
export async function makePlan<Input, Acts extends Activities<Acts>>(
  options: PlanningOptions<Input, Acts>,
): Promise<Plan> {
  const { procedure, input, context, journal } = options;
  const pass = new PlanningPass(options);
  await procedure(input, pass.run(context.region)).catch((error: unknown) => pass.endBy(error));
  const { trigger, alertKey, service, region } = context;
  return {
    runbook: workflowInfo().workflowType,
    input: asJson(input),
    context: { trigger, alertKey, service, region },
    done: journal.flatMap(({ kind, title }) => (kind === 'act' ? [title] : [])),
    observed: pass.observed,
    actions: pass.actions,
    partial: pass.partial,
  };
}

class PlanningPass<Input, Acts extends Activities<Acts>> {
  readonly observed: PlannedObservation[] = [];
  readonly actions: PlannedAction[] = [];
  partial: string | null = null;
  readonly #options: PlanningOptions<Input, Acts>;
  readonly #queue = new Queue();
  #step = 0;

  constructor(options: PlanningOptions<Input, Acts>) {
    this.#options = options;
  }

  run(region: string): Run<Acts> {
    const { context, look } = this.#options;
    return {
      context,
      check: (title, call, options = {}) =>
        this.#next(async (step) => {
          const result = await look.check(region, `plan: ${title}`, call, options);
          this.#observe({ step, title, region }, result, options);
          return result;
        }),
      act: (title, call, options = {}) => this.#next((step) => this.#act({ step, title, region }, call, options)),
      verify: (title, call, options) =>
        this.#next(async (step) => {
          if (this.actions.length > 0) return true;
          const held = await look.verify(region, `plan: ${title}`, call, options);
          this.observed.push({ step, title, region, result: held, binding: true });
          return held;
        }),
      inWindow: (window, windowOptions, body) =>
        heldWindow.run({ planned: plannedWindow(window, windowOptions), gate: null }, body),
      askHuman: (question, options) => this.#next(async () => assumedAnswer(question, options)),
      waitFor: (title, options) => this.#next(async () => assumedEnd(title, options)),
      soak: (title) => this.#next(async () => void title),
      alone: (body) => body(),
      report: () => '',
      note: () => undefined,
      escalate,
      child: (runbook, input, options) =>
        this.#next((step) => this.#child({ step, region }, runbook, input, options)) as Promise<never>,
      onRegion: (other) => this.run(other),
    };
  }

  /** How the procedure ended is how the plan ends; without any effect in it, a failure is a failure. */
  endBy(error: unknown): void {
    if (isCancellation(error) || error instanceof ResolvedMeanwhile) throw error;
    if (error instanceof PlanEnds) this.partial ??= error.message;
    else if (error instanceof ApplicationFailure && error.type === ESCALATED)
      this.partial ??= `the procedure gives up: ${error.message}`;
    else if (this.actions.length > 0) this.partial ??= `from here on it failed: ${String(error)}`;
    else throw error;
  }

  async #next<T>(take: (step: number) => Promise<T>): Promise<T> {
    const { journal } = this.#options;
    return this.#queue.run(async () => {
      // A procedure that catches the end of its plan must not go on from there.
      if (this.partial !== null) throw new PlanEnds(this.partial);
      this.#step += 1;
      const known = journal[this.#step - 1];
      if (known !== undefined) return recall(known) as T;
      try {
        return await take(this.#step);
      } catch (error) {
        if (error instanceof PlanEnds) this.partial = error.message;
        throw error;
      }
    });
  }

  #observe<T>(at: Pick<PlannedObservation, 'step' | 'title' | 'region'>, result: T, options: CheckOptions<T>): void {
    const { significant } = options;
    const seen = asJson(significant === undefined ? result : significant(result));
    this.observed.push({ ...at, result: seen, binding: this.actions.length === 0 || significant !== undefined });
  }

  #child(
    at: Pick<PlannedAction, 'step' | 'region'>,
    runbook: string,
    input: unknown,
    options: ChildOptions,
  ): Promise<unknown> {
    this.actions.push(plannedChild(at, runbook, input, options));
    return Promise.resolve('assumed' in options ? options.assumed : unknownResult(options.title));
  }

  async #act<T>(
    at: Pick<PlannedAction, 'step' | 'title' | 'region'>,
    call: (on: Acts) => Promise<T>,
    options: ActOptions<Acts, T>,
  ): Promise<T> {
    const action = await plannedAction(at, call, options);
    this.actions.push(action);
    return ('assumed' in options ? options.assumed : unknownResult(at.title)) as T;
  }
}

/** What a child does is planned, and under approval asked, by the child itself. */
export const plannedChild = (
  { step, region }: Pick<PlannedAction, 'step' | 'region'>,
  runbook: string,
  input: unknown,
  options: ChildOptions,
): PlannedAction => ({
  step,
  title: options.title,
  region: options.region ?? region,
  calls: [{ activity: `runbook ${runbook}`, input: asJson(input) }],
  undo: [],
  limits: [],
});

/** Rejects with PlanEnds when what is called depends on what is not known. */
export async function plannedAction<Acts, T>(
  at: Pick<PlannedAction, 'step' | 'title' | 'region'>,
  call: (on: Acts) => Promise<T>,
  options: ActOptions<Acts, T>,
): Promise<PlannedAction> {
  const { undo } = options;
  const { calls, ends } = await recordCalls(at.title, call);
  if (calls.length === 0 && ends !== null) throw new PlanEnds(ends);
  const back = undo === undefined ? null : await recordCalls(at.title, undo);
  const window = heldWindow.getStore()?.planned;
  return {
    ...at,
    calls,
    undo: back?.calls ?? [],
    limits: options.limits ?? [],
    ...(window === undefined ? {} : { window }),
  };
}

/** Rejects with PlanEnds when the runbook does not say what a plan takes the answer to be. */
function assumedAnswer<Choice extends string>(question: string, { assumed }: AskOptions<Choice>): Choice {
  if (assumed !== undefined) return assumed;
  throw new PlanEnds(`what follows depends on the answer to "${question}"; say what a plan assumes with \`assumed\``);
}

function assumedEnd<Data>(title: string, { assumed }: WaitOptions<Data>): Waited<Data> {
  if (assumed !== undefined) return assumed;
  throw new PlanEnds(`what follows depends on how "${title}" ends; say what a plan assumes with \`assumed\``);
}
