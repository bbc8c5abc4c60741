/** What `run` offers to a procedure whose steps are the activities `Acts`. */
import type { Looks } from '../../activities/look.ts';
import type { AskOptions } from './ask-human.ts';
import type { ChildOptions } from './child-runs.ts';
import type { LimitUse } from './limit-use.ts';
import type { RunContext } from './run-context.ts';
import type { StepOptions } from './step-activities.ts';
import type { WindowOptions } from './window-options.ts';
import type { WindowUse } from './window-use.ts';
import type { WaitOptions, Waited } from './wait-for.ts';

export interface Run<Acts> {
  readonly context: RunContext;
  /** Look without changing anything; only activities marked `look` can be called. */
  check<T>(title: string, call: (on: Looks<Acts>) => Promise<T>, options?: CheckOptions<T>): Promise<T>;
  /** Change something. `undo` is called if the run fails, is cancelled or its alert is resolved later on; newest first. */
  act<T>(title: string, call: (on: Acts) => Promise<T>, options?: ActOptions<Acts, T>): Promise<T>;
  /** Look until it holds, at most `attempts` times, `everyMs` apart. False when it never held. A plan assumes that it holds once it has acted. */
  verify<T>(title: string, call: (on: Looks<Acts>) => Promise<T>, options: VerifyOptions<T>): Promise<boolean>;
  /**
   * Wait until the window is open where the run acts, with enough of it left, and then do `body`: its effects keep to the window. Undoing
   * keeps to none.
   * @example await run.inWindow('night-patch', { needMs: 30 * MINUTE }, () => run.act('patch it', (on) => on.patch(host)));
   */
  inWindow<T>(window: WindowUse, options: WindowOptions, body: () => Promise<T>): Promise<T>;
  /**
   * Put a question to the people of `approvals.keys`; the first signed answer counts (`tocsin answer`). What was seen before it may have changed
   * by then: check again before acting upon it.
   */
  askHuman<const Choice extends string>(question: string, options: AskOptions<Choice>): Promise<Choice>;
  /**
   * Wait for an event that names this run, for the resolve of its alert, or for time to pass. What came before counts. What was seen before
   * it may have changed by then.
   */
  waitFor<Data = unknown>(title: string, options: WaitOptions<Data>): Promise<Waited<Data>>;
  /** Let time pass before looking again, ms; not in a plan. */
  soak(title: string, ms: number): Promise<void>;
  /**
   * A part that undoes alone: when it fails, its own effects are undone and no others; when it comes to its end they stay, whatever becomes of
   * the run. What ends the whole run (a resolved alert, a cancellation, an escalation) is undone with the run. When not all could be undone, people
   * are told at once, and it rejects as failure NotUndone.
   */
  alone<T>(body: () => Promise<T>): Promise<T>;
  /** Markdown about the run up to now: what was seen, done, undone and answered by whom, bounded; for its result. */
  report(): string;
  /** A line of the checklist. */
  note(text: string): void;
  /** Undo what was done and end the run as failed, for a human to take over. */
  escalate(message: string): never;
  /**
   * A run of another runbook as one step of this one, in its mode and with its context. Rejects with ChildWorkflowFailure when it does not complete; it
   * has then undone its own effects.
   * @example const report = await run.child<typeof patchWave>('patchWave', { hosts }, { title: 'wave 2', region: 'eu' });
   */
  child<Runbook extends AnyRunbook>(
    runbook: string,
    input: Parameters<Runbook>[0],
    options: ChildOptions,
  ): Promise<Awaited<ReturnType<Runbook>>>;
  /** The same run in another region: its workers take the steps, its limits count them, its rules hold when it has no worker. */
  onRegion(region: string): Run<Acts>;
}

export type AnyRunbook = (input: never) => Promise<unknown>;

export interface CheckOptions<T> extends StepOptions {
  /**
   * What of the result an approval depends on; all of it by default. Leave out what is noise, so that it does not void an approval. After an
   * effect of the same run, a check binds only if it says so here.
   */
  readonly significant?: (observed: T) => unknown;
}

export interface ActOptions<Acts, T = unknown> extends StepOptions {
  readonly undo?: (on: Acts) => Promise<unknown>;
  /**
   * Limits of the configuration that it comes under, and its undo as well: it begins when each has a slot for it.
   * @example limits: ['per-service', limit('per-rack', rack)]
   */
  readonly limits?: readonly LimitUse[];
  /** What a plan assumes it returns. Without it a plan ends where the procedure looks into the result. */
  readonly assumed?: T;
  /**
   * False: one attempt, and when nobody knows what came of it (its worker died, it took too long, it failed other than for good), a human is
   * asked: done, not done, or give up. Make it one activity. If a human says that it was done, the step returns `assumed`. Default: true.
   */
  readonly repeatable?: boolean;
}

export interface VerifyOptions<T> extends StepOptions {
  readonly holds: (observed: T) => boolean;
  readonly attempts: number;
  readonly everyMs: number;
}
