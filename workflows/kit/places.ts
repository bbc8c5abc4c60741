/**
 * Where the steps of a run are taken up. A step that no worker of its region takes is told; then it waits, or goes to a region that may act
 * for it - but only if no worker was ever given it, which the server's schedule-to-start time-out of a first attempt proves: a task that
 * reached a worker, even one that died with it, never ends so.
 */
import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { isCancellation, patched, sleep } from '@temporalio/workflow';
import type { Checklist } from './checklist.ts';
import { decisions } from './decisions.ts';
import { meantFor } from './meant-for.ts';
import { isNeverTaken, isNotBegun, provesNotBegun, toldNeverBegan } from './never-began.ts';
import {
  EFFECTS_STOPPED,
  NO_WORKER,
  NO_WORKER_AFTER_MS,
  type RegionRule,
  type RunContext,
  activityQueue,
} from './run-context.ts';
import {
  type Activities,
  type Place,
  type RefusedCall,
  type StepOptions,
  activitiesFor,
  attemptsOf,
  boundsOf,
} from './step-activities.ts';
import { WINDOW_CLOSED } from './window-message.ts';
import { type AskPeople, WorkerQuestion } from './worker-question.ts';
import { workflowTime } from './workflow-time.ts';

export interface PlacedStep {
  readonly region: string;
  readonly title: string;
  readonly options: StepOptions;
  /** The call that was refused before, for its key to stay the same. */
  readonly again?: RefusedCall | undefined;
  /** A call that is cancelled is waited for. */
  readonly waits: boolean;
  /** Throws when the run is not to wait for a worker any longer. */
  readonly stop: () => void;
}

/** Pause before the attempts that follow a first one that failed, as the server would make it. */
const RETRY_MS = 1_000;
/** Runs of before only told people. */
const ASKS = 'no-worker-asks';
/** Runs of before took a call that might have several attempts for begun when no worker had it; now the failure says whether one was made. */
const NEVER_TAKEN = 'never-taken-by-its-failure';
/** Runs of before took a call for begun that a worker had refused, or put off, at its first attempt. */
const STILL_UNTOUCHED = 'refused-untouched-again';
/**
 * Runs of before told of it and asked side by side: local activities whose ends a worker hears together at first and one by one in a replay, which
 * then came to its commands in another order.
 */
const TOLD_FIRST = 'no-worker-told-before-asked';
/** Runs of before took the end of a window at the first attempt of a call made anew for a step that never began. */
const TOUCHED_BEFORE_END = 'touched-before-window-end';
/** With less time left than this there is no use in another try. */
const LEAST_MS = 1_000;

export class Places {
  readonly #rules: RunContext['regions'];
  readonly #checklist: Checklist;
  readonly #ask: AskPeople;

  constructor({ regions }: RunContext, checklist: Checklist, ask: AskPeople) {
    this.#rules = regions;
    this.#checklist = checklist;
    this.#ask = ask;
  }

  /** The activities of a step. Their calls reject with NO_WORKER (final, nothing was done) besides what activities reject with. */
  activities<Acts extends Activities<Acts>>(step: PlacedStep): Acts {
    const { region, title, options, again, waits } = step;
    // Runs of before: as they were scheduled then.
    if (this.#rules === undefined)
      return activitiesFor<Acts>({ queue: activityQueue(region), waits }, title, options, again);
    let left = again;
    const call = (name: string, input: unknown): Promise<unknown> => {
      const known = left?.type === name ? left : undefined;
      if (known !== undefined) left = undefined;
      return meantFor.run(region, () =>
        new PlacedCall(this.#rules ?? {}, step, this.#checklist, this.#ask).make(name, input, known),
      );
    };
    return new Proxy(Object.create(null) as object, {
      get: (_target, name) => (input: unknown) => call(String(name), input),
    }) as Acts;
  }
}

/** One call of an activity, until it has ended or there is no time left. */
class PlacedCall {
  readonly #rules: NonNullable<RunContext['regions']>;
  readonly #rule: RegionRule;
  readonly #step: PlacedStep;
  readonly #checklist: Checklist;
  readonly #deadline: number;
  readonly #attempts: number;
  readonly #ask: AskPeople | null;
  #question: WorkerQuestion | null = null;
  /** A worker may have been given it. */
  #given = false;
  /** As it was made last, it may have begun. */
  #doubtful = false;
  /** Index in the regions that may act. */
  #at = 0;
  #told: (() => void) | null = null;

  constructor(rules: NonNullable<RunContext['regions']>, step: PlacedStep, checklist: Checklist, ask: AskPeople) {
    this.#rules = rules;
    this.#rule = rules[step.region] ?? {};
    this.#ask = this.#rule.whenNoWorker === 'ask' && patched(ASKS) ? ask : null;
    this.#step = step;
    this.#checklist = checklist;
    this.#deadline = workflowTime() + boundsOf(step.options).totalMs;
    this.#attempts = attemptsOf(step.options);
  }

  async make(name: string, input: unknown, again: RefusedCall | undefined): Promise<unknown> {
    // Refused by a worker: it was given to one, which may have begun before.
    this.#given = again !== undefined && !(again.untouched === true && patched(STILL_UNTOUCHED));
    let known = again;
    try {
      for (;;) {
        const alone = this.#isFirstAlone();
        try {
          return await this.#schedule(name, input, known, alone ? 1 : this.#attempts);
        } catch (error) {
          // Not scheduled: a cancellation, or a limit that refused.
          if (!(error instanceof ActivityFailure)) throw error;
          this.#doubtful = !provesNotBegun(error, alone ? 1 : this.#attempts);
          known = { type: name, id: error.activityId ?? '' };
          if (isNoWorker(error)) await this.#noWorker(error, alone);
          else if (alone && mayBeRetried(error) && this.#attempts > 1) await this.#retry(error);
          else throw this.#given ? touched(error) : error;
        }
      }
    } catch (error) {
      throw toldNeverBegan(error, !this.#given && !this.#doubtful);
    } finally {
      await this.#question?.end();
      this.#told?.();
    }
  }

  /** Made alone, a first attempt that no worker took proves that none ever did; needed only where something hangs on it. */
  #isFirstAlone(): boolean {
    const mayMove = this.#rule.whenNoWorker === 'failOver' || this.#ask !== null;
    return !this.#given && (this.#rule.failOver ?? []).length > 0 && mayMove;
  }

  #schedule(name: string, input: unknown, known: RefusedCall | undefined, attempts: number): Promise<unknown> {
    const { title, options } = this.#step;
    const totalMs = this.#leftMs();
    const acts = activitiesFor<Readonly<Record<string, (input: never) => Promise<unknown>>>>(
      { ...this.#place(totalMs), attempts },
      title,
      { ...options, totalMs },
      known,
    );
    return acts[name]?.(input as never) ?? Promise.resolve();
  }

  #place(leftMs: number): Place {
    const region = this.#regions()[this.#at] ?? this.#step.region;
    const { noWorkerAfterMs = NO_WORKER_AFTER_MS } = this.#rule;
    return {
      queue: this.#rules[region]?.queue ?? activityQueue(region),
      waits: this.#step.waits,
      // Before the end of the step, so that it is known why it ended.
      noWorkerAfterMs: Math.min(noWorkerAfterMs, Math.max(leftMs - LEAST_MS, leftMs / 2)),
    };
  }

  #regions(): readonly string[] {
    return [this.#step.region, ...(this.#rule.failOver ?? [])];
  }

  /** Decides where it is tried next; throws when there is no time for it. */
  async #noWorker(error: ActivityFailure, alone: boolean): Promise<void> {
    const never = alone || (!this.#given && (this.#attempts === 1 || (isNeverTaken(error) && patched(NEVER_TAKEN))));
    const here = this.#regions()[this.#at] ?? this.#step.region;
    // A later attempt may have waited in vain; an earlier one may have acted.
    this.#given ||= !never;
    this.#doubtful = false;
    const ask = this.#ask;
    const toldFirst = ask !== null && patched(TOLD_FIRST);
    const asks = ask !== null && !(await this.#asPeopleSay(error));
    if (ask === null && alone) this.#at = (this.#at + 1) % this.#regions().length;
    if (asks && !toldFirst) this.#askPeople(ask);
    const there = this.#regions()[this.#at] ?? this.#step.region;
    await this.#tell(here, there);
    if (asks && toldFirst) this.#askPeople(ask);
    this.#step.stop();
    if (this.#leftMs() >= LEAST_MS) return;
    throw this.#given ? error : noWorkerEver(this.#step, this.#regions());
  }

  /** Moves it, once they have said so; throws when they give it up. False: they have not said anything that could be done now. */
  async #asPeopleSay(error: ActivityFailure): Promise<boolean> {
    const said = this.#question?.said();
    if (said?.choice === 'give up')
      throw this.#given ? error : noWorkerEver(this.#step, this.#regions(), `; given up by ${said.why}`);
    if (said?.choice === 'act' && !this.#given) {
      await this.#question?.end();
      this.#question = null;
      this.#at = this.#regions().indexOf(said.region);
      return true;
    }
    return false;
  }

  #askPeople(ask: AskPeople): void {
    const { title } = this.#step;
    const here = this.#regions()[this.#at] ?? this.#step.region;
    const others = this.#isFirstAlone() ? this.#regions().filter((each) => each !== here) : [];
    const timeoutMs = this.#leftMs();
    if (timeoutMs >= LEAST_MS) this.#question ??= new WorkerQuestion({ title, here, others, timeoutMs }, ask);
  }

  /** Rejects with `error` when there is no time for another try. */
  async #retry(error: ActivityFailure): Promise<void> {
    this.#given ||= !(isNotBegun(error) && patched(STILL_UNTOUCHED));
    this.#doubtful = false;
    const { cause } = error;
    const asked = cause instanceof ApplicationFailure ? cause.nextRetryDelay : undefined;
    const pauseMs = msToNumber(asked ?? RETRY_MS);
    if (this.#leftMs() <= pauseMs) throw error;
    await sleep(pauseMs);
    // Nobody may have been there to wake it in time.
    if (this.#leftMs() <= 0) throw error;
  }

  #leftMs(): number {
    return this.#deadline - workflowTime();
  }

  /** Once for each region in a row: in the checklist, as the run's phase, and to people. */
  async #tell(here: string, there: string): Promise<void> {
    const { region, title } = this.#step;
    const next = here === there ? 'waits for one' : `is tried in ${there}`;
    const text = `no worker in ${here} took "${title}": ${next}`;
    if (this.#told === null) this.#told = this.#checklist.wait('no-worker', text);
    else if (here !== there) this.#checklist.note(text);
    else return;
    const asks = this.#rule.whenNoWorker === 'ask';
    // That nobody could be told must not keep the step from being taken.
    await decisions.tellNoWorker({ region: here, meantFor: region, title, next, asks }).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
  }
}

const isNoWorker = ({ cause }: ActivityFailure): boolean =>
  cause instanceof TimeoutFailure && cause.timeoutType === TimeoutType.SCHEDULE_TO_START;

/** It failed only because one attempt was all it had. */
const mayBeRetried = (error: ActivityFailure): boolean =>
  !isCancellation(error) && error.retryState === RetryState.MAXIMUM_ATTEMPTS_REACHED;

/** A refusal counts the attempts of its own call only; an earlier call of the same step may have acted. */
function touched(error: ActivityFailure): ActivityFailure {
  const { cause, message, activityType, activityId, retryState, identity } = error;
  const details = cause instanceof ApplicationFailure ? touchedDetails(cause) : null;
  if (details === null || !(cause instanceof ApplicationFailure)) return error;
  const refusal = ApplicationFailure.create({
    ...(typeof cause.type === 'string' ? { type: cause.type } : {}),
    message: cause.message,
    nonRetryable: true,
    details,
  });
  return new ActivityFailure(message, activityType, activityId, retryState, identity, refusal);
}

/** Null: it is no refusal. */
function touchedDetails({ type, details }: ApplicationFailure): unknown[] | null {
  if (type === WINDOW_CLOSED) return details?.[0] === true && patched(TOUCHED_BEFORE_END) ? [false] : null;
  if (type !== EFFECTS_STOPPED) return null;
  const [stop, now, attempt] = (details ?? []) as [unknown, unknown, number];
  return [stop, now, attempt + 1, false];
}

const noWorkerEver = ({ title }: PlacedStep, regions: readonly string[], why = ''): ApplicationFailure =>
  ApplicationFailure.create({
    type: NO_WORKER,
    message: `no worker of ${regions.join(', ')} took "${title}" in time, nothing was done${why}; start one with \`tocsin worker --region ${regions[0] ?? ''}\``,
    nonRetryable: true,
  });
