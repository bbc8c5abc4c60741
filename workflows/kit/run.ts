/** What `run` offers to a procedure whose steps are the activities `Acts`. */
import type { Looks } from '../../activities/look.ts';
import type { ChildOptions } from './child-runs.ts';
import type { LimitUse } from './limit-use.ts';
import type { RunContext } from './run-context.ts';
import type { StepOptions } from './step-activities.ts';

export interface Run<Acts> {
  readonly context: RunContext;
  /** Look without changing anything; only activities marked `look` can be called. */
  check<T>(title: string, call: (on: Looks<Acts>) => Promise<T>, options?: CheckOptions<T>): Promise<T>;
  /** Change something. `undo` is called if the run fails, is cancelled or its alert is resolved later on; newest first. */
  act<T>(title: string, call: (on: Acts) => Promise<T>, options?: ActOptions<Acts, T>): Promise<T>;
  /** Look until it holds, at most `attempts` times, `everyMs` apart. False when it never held. A plan assumes that it holds once it has acted. */
  verify<T>(title: string, call: (on: Looks<Acts>) => Promise<T>, options: VerifyOptions<T>): Promise<boolean>;
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
}

export interface VerifyOptions<T> extends StepOptions {
  readonly holds: (observed: T) => boolean;
  readonly attempts: number;
  readonly everyMs: number;
}
