/**
 * The wrapper that makes a procedure a runbook: checklist, phase, undo stack and what happens when the alert is resolved. The result
 * is a plain Temporal workflow function; everything here is ordinary workflow code, and what a procedure does not use costs no event.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Looks } from '../../activities/look.ts';
import { Checklist } from './checklist.ts';
import { RedButton, isRefusal, isUntouched } from './red-button.ts';
import { type Activities, type RefusedCall, type StepOptions, activitiesFor } from './step-activities.ts';
import { RESOLVED_SIGNAL, type RunContext } from './run-context.ts';

/** Failure type of a run that ended by `run.escalate`: a human has to take over. */
export const ESCALATED = 'Escalated';

/** What `run` offers to a procedure whose steps are the activities `Acts`. */
export interface Run<Acts> {
  readonly context: RunContext;
  /** Look without changing anything; only activities marked `look` can be called. */
  check<T>(title: string, call: (on: Looks<Acts>) => Promise<T>, options?: StepOptions): Promise<T>;
  /** Change something. `undo` is called if the run fails, is cancelled or its alert is resolved later on; newest first. */
  act<T>(title: string, call: (on: Acts) => Promise<T>, options?: ActOptions<Acts>): Promise<T>;
  /** Look until it holds, at most `attempts` times, `everyMs` apart. False when it never held. */
  verify<T>(title: string, call: (on: Looks<Acts>) => Promise<T>, options: VerifyOptions<T>): Promise<boolean>;
  /** A line of the checklist. */
  note(text: string): void;
  /** Undo what was done and end the run as failed, for a human to take over. */
  escalate(message: string): never;
  /** The same run, acting through another region's workers. */
  in(region: string): Run<Acts>;
}

export interface ActOptions<Acts> extends StepOptions {
  readonly undo?: (on: Acts) => Promise<unknown>;
}

export interface VerifyOptions<T> extends StepOptions {
  readonly holds: (observed: T) => boolean;
  readonly attempts: number;
  readonly everyMs: number;
}

/** Result of a run whose alert was resolved before it was done, under policy `cancel`. */
export interface ResolvedReport {
  readonly outcome: 'resolved-meanwhile';
  readonly undone: readonly string[];
}

/**
 * @example
 * export const restartService = runbook<Input, Report, Acts>(async (input, run) => {
 *   await run.act('restart it', (on) => on.restartUnit(input));
 * });
 */
export function runbook<Input, Report, Acts extends Activities<Acts>>(
  procedure: (input: Input, run: Run<Acts>) => Promise<Report>,
): (input: Input) => Promise<Report | ResolvedReport> {
  return async (input) => {
    const state = new RunState<Acts>();
    setHandler(defineSignal(RESOLVED_SIGNAL), () => state.resolve(), {
      description: 'The alert of this run is resolved.',
    });
    try {
      const report = await procedure(input, state.run(state.context.region));
      state.checklist.end('done');
      return report;
    } catch (error) {
      const undone = await CancellationScope.nonCancellable(() => state.undoAll());
      if (error instanceof ResolvedMeanwhile) {
        state.checklist.end('resolved');
        return { outcome: 'resolved-meanwhile', undone };
      }
      state.checklist.end('failed');
      throw asFailure(error);
    }
  };
}

/** Thrown between steps to leave the procedure; never leaves this file. */
class ResolvedMeanwhile extends Error {
  override readonly name = 'ResolvedMeanwhile';
}

interface Undo {
  readonly title: string;
  readonly call: (again?: RefusedCall) => Promise<unknown>;
}

class RunState<Acts extends Activities<Acts>> {
  readonly context: RunContext = contextOfThisRun();
  readonly checklist = new Checklist(this.context);
  readonly #redButton = new RedButton(this.checklist);
  readonly #undos: Undo[] = [];
  #resolved = false;

  resolve(): void {
    if (this.#resolved) return;
    this.#resolved = true;
    this.checklist.note('the alert is resolved');
  }

  run(region: string): Run<Acts> {
    return {
      context: this.context,
      check: (title, call, options) => this.#step('checking', region, title, call, options),
      act: (title, call, options = {}) => this.#act(region, title, call, options),
      verify: (title, call, options) => this.#verify(region, title, call, options),
      note: (text) => this.checklist.note(text),
      escalate: (message) => {
        throw ApplicationFailure.create({ type: ESCALATED, message, nonRetryable: true });
      },
      in: (other) => this.run(other),
    };
  }

  async #act<T>(region: string, title: string, call: (on: Acts) => Promise<T>, options: ActOptions<Acts>): Promise<T> {
    const { undo } = options;
    const undoing: Undo | null =
      undo === undefined
        ? null
        : { title, call: (again) => undo(activitiesFor(region, `undo: ${title}`, options, again)) };
    let begun = false;
    return this.#redButton.through(
      async (again, waited) => {
        if (waited) this.#stopIfResolved();
        // Registered before the act: an act that failed half-way has to be undone as well, and every undo may run on nothing.
        if (undoing !== null && !this.#undos.includes(undoing)) this.#undos.push(undoing);
        let calls = 0;
        const counted = (on: Acts): Promise<T> => call(counting(on, () => (calls += 1)));
        try {
          return await this.#step('acting', region, title, counted, options, again);
        } catch (error) {
          begun ||= calls !== 1 || !isUntouched(error);
          // Refused before anything began: an alert that resolves while the run waits leaves nothing to undo.
          if (!begun && undoing !== null) this.#undos.splice(this.#undos.indexOf(undoing), 1);
          throw error;
        }
      },
      () => this.#stops(),
    );
  }

  async #step<T>(
    phase: 'checking' | 'acting',
    region: string,
    title: string,
    call: (on: Acts) => Promise<T>,
    options: StepOptions = {},
    again?: RefusedCall,
  ): Promise<T> {
    this.#stopIfResolved();
    const done = this.checklist.begin(phase, title);
    try {
      const result = await call(activitiesFor<Acts>(region, title, options, again));
      done('ok');
      return result;
    } catch (error) {
      done(isRefusal(error) ? 'stopped' : 'failed');
      throw error;
    }
  }

  async #verify<T>(
    region: string,
    title: string,
    call: (on: Looks<Acts>) => Promise<T>,
    options: VerifyOptions<T>,
  ): Promise<boolean> {
    this.#stopIfResolved();
    const done = this.checklist.begin('verifying', title);
    try {
      for (let attempt = 1; attempt <= options.attempts; attempt += 1) {
        if (
          options.holds(await call(activitiesFor<Acts>(region, `${title} (${attempt}/${options.attempts})`, options)))
        ) {
          done('ok');
          return true;
        }
        if (attempt < options.attempts) await condition(() => this.#stops(), options.everyMs);
        this.#stopIfResolved();
      }
    } catch (error) {
      done('failed');
      throw error;
    }
    done('failed');
    return false;
  }

  /** Newest first; one that fails is noted and does not keep the others from being undone. */
  async undoAll(): Promise<string[]> {
    const undone: string[] = [];
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        await this.#redButton.through(
          (again) => this.#undo(undo, again),
          () => false,
        );
        undone.push(undo.title);
      } catch {
        // Noted in the checklist; the others are undone all the same.
      }
    }
    return undone;
  }

  async #undo({ title, call }: Undo, again?: RefusedCall): Promise<void> {
    const done = this.checklist.begin('undoing', `undo: ${title}`);
    try {
      await call(again);
      done('ok');
    } catch (error) {
      done(isRefusal(error) ? 'stopped' : 'failed');
      throw error;
    }
  }

  #stops(): boolean {
    return this.#resolved && this.context.onResolved === 'cancel';
  }

  #stopIfResolved(): void {
    if (this.#stops()) throw new ResolvedMeanwhile('the alert is resolved');
  }
}

/** The same activities; each that is asked for is counted. */
const counting = <Acts extends object>(acts: Acts, count: () => void): Acts =>
  new Proxy(acts, {
    get: (_target, name) => {
      count();
      return acts[name as keyof Acts];
    },
  });

function contextOfThisRun(): RunContext {
  const context = workflowInfo().memo?.['tocsin'] as RunContext | undefined;
  if (context !== undefined) return context;
  throw ApplicationFailure.create({
    type: 'NoRunContext',
    message: 'this run was started without memo `tocsin`; start it by a trigger or by `tocsin run`',
    nonRetryable: true,
  });
}

/** A plain Error would only fail the workflow task, again and again, and look stuck; a failure ends the run visibly. */
function asFailure(error: unknown): unknown {
  if (isCancellation(error) || !(error instanceof Error) || 'failure' in error || error instanceof ApplicationFailure)
    return error;
  return ApplicationFailure.create({ type: error.name, message: error.message, nonRetryable: true, cause: error });
}
