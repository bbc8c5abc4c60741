/** One run in progress: its checklist, its undo stack, and whether its alert is resolved. Steps are taken here, whoever decides about them. */
import { ApplicationFailure, condition, workflowInfo } from '@temporalio/workflow';
import type { Looks } from '../../activities/look.ts';
import { type Answer, type AskOptions, HumanQuestions } from './ask-human.ts';
import { Checklist } from './checklist.ts';
import { contextOfThisRun } from './context-of-this-run.ts';
import { ESCALATED } from './escalated.ts';
import type { Look } from './journal.ts';
import { type LimitedStep, RunLimits } from './limits.ts';
import { notRepeatable } from './not-repeatable.ts';
import { Questions } from './questions.ts';
import { RedButton, isRefusal, isUntouched } from './red-button.ts';
import { ResolvedMeanwhile } from './resolved.ts';
import type { ActOptions, CheckOptions, Run, VerifyOptions } from './run.ts';
import type { RunContext } from './run-context.ts';
import { type Activities, type RefusedCall, type StepOptions, activitiesFor, boundsOf } from './step-activities.ts';

interface Undo {
  readonly title: string;
  readonly call: (again?: RefusedCall) => Promise<unknown>;
}

export class RunState<Acts extends Activities<Acts>> implements Look<Acts> {
  readonly context: RunContext = contextOfThisRun();
  readonly checklist = new Checklist(this.context);
  readonly #redButton = new RedButton(this.checklist);
  #undos: Undo[] = [];
  readonly #acted: string[] = [];
  readonly #limits = new RunLimits();
  readonly questions = new Questions(this.checklist);
  readonly #humans = new HumanQuestions(this.context, this.checklist, this.questions);
  #resolved = false;

  resolve(): void {
    if (this.#resolved) return;
    this.#resolved = true;
    this.checklist.note('the alert is resolved');
  }

  /** Acts at once: mode `auto`. */
  run(region: string): Run<Acts> {
    return {
      context: this.context,
      check: (title, call, options = {}) => this.check(region, title, call, options),
      act: (title, call, options = {}) => this.act(region, title, call, options),
      verify: (title, call, options) => this.verify(region, title, call, options),
      askHuman: (question, options) => this.askHuman(question, options),
      note: (text) => this.checklist.note(text),
      escalate,
      in: (other) => this.run(other),
    };
  }

  async check<T>(
    region: string,
    title: string,
    call: (on: Looks<Acts>) => Promise<T>,
    options: CheckOptions<T>,
  ): Promise<T> {
    return this.#step('checking', region, title, call, options);
  }

  async act<T>(
    region: string,
    title: string,
    call: (on: Acts) => Promise<T>,
    options: ActOptions<Acts, T>,
  ): Promise<T> {
    const { undo } = options;
    const undoing = undo === undefined ? null : this.#undoing(region, title, options, undo);
    let begun = false;
    const effect = (again?: RefusedCall): Promise<T> =>
      this.#redButton.through(
        async (refused, waited) => {
          if (waited) this.stopIfResolved();
          // Registered before the act: an act that failed half-way has to be undone as well, and every undo may run on nothing.
          if (undoing !== null && !this.#undos.includes(undoing)) this.#undos.push(undoing);
          let calls = 0;
          const counted = (on: Acts): Promise<T> => call(counting(on, () => (calls += 1)));
          try {
            return await this.#limited({ region, title, undo: false }, options, () =>
              this.#step('acting', region, title, counted, options, refused ?? again),
            );
          } catch (error) {
            begun ||= calls !== 1 || !isUntouched(error);
            // Refused before anything began: an alert that resolves while the run waits leaves nothing to undo.
            if (!begun && undoing !== null) this.#undos = this.#undos.filter((each) => each !== undoing);
            throw error;
          }
        },
        () => this.stops(),
      );
    const result = await (options.repeatable === false ? this.#once(title, effect, options) : effect());
    this.#acted.push(title);
    return result;
  }

  /** Rejects with ResolvedMeanwhile when the alert is resolved before anybody answered. */
  async askHuman<Choice extends string>(question: string, options: AskOptions<Choice>): Promise<Choice> {
    const answer = await this.#ask(question, options);
    return answer.choice as Choice;
  }

  async #ask(question: string, options: AskOptions<string>): Promise<Answer> {
    this.stopIfResolved();
    const answer = await this.#humans.ask(question, options, () => this.stops());
    if (answer === null) throw new ResolvedMeanwhile('the alert is resolved');
    return answer;
  }

  #once<T>(title: string, attempt: (again?: RefusedCall) => Promise<T>, options: ActOptions<Acts, T>): Promise<T> {
    const assumed = 'assumed' in options ? () => options.assumed as T : null;
    return notRepeatable({ title, attempt, ask: (question, asked) => this.#ask(question, asked), assumed });
  }

  #undoing(region: string, title: string, options: StepOptions, undo: (on: Acts) => Promise<unknown>): Undo {
    return {
      title,
      call: (again) => {
        const name = `undo: ${title}`;
        const back = () => undo(activitiesFor(region, name, options, again));
        return this.#limited({ region, title: name, undo: true }, options, back);
      },
    };
  }

  async verify<T>(
    region: string,
    title: string,
    call: (on: Looks<Acts>) => Promise<T>,
    options: VerifyOptions<T>,
  ): Promise<boolean> {
    this.stopIfResolved();
    const done = this.checklist.begin('verifying', title);
    try {
      for (let attempt = 1; attempt <= options.attempts; attempt += 1) {
        if (
          options.holds(await call(activitiesFor<Acts>(region, `${title} (${attempt}/${options.attempts})`, options)))
        ) {
          done('ok');
          return true;
        }
        if (attempt < options.attempts) await condition(() => this.stops(), options.everyMs);
        this.stopIfResolved();
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

  /** Titles of the effects that came to their end, oldest first. */
  acted(): readonly string[] {
    return this.#acted;
  }

  /** How many undos are registered; `forgetUndos` takes back those of an act that did not come to act. */
  undoCount(): number {
    return this.#undos.length;
  }

  forgetUndos(count: number): void {
    this.#undos = this.#undos.slice(0, count);
  }

  /** Whether the run is to end before its next step. */
  stops(): boolean {
    return this.#resolved && this.context.onResolved === 'cancel';
  }

  stopIfResolved(): void {
    if (this.stops()) throw new ResolvedMeanwhile('the alert is resolved');
  }

  /** An undo is not stopped by a resolved alert: that is what it is there for. */
  #limited<T>(
    { region, title, undo }: { readonly region: string; readonly title: string; readonly undo: boolean },
    options: ActOptions<Acts>,
    act: () => Promise<T>,
  ): Promise<T> {
    const { limits = [] } = options;
    if (limits.length === 0) return act();
    const { service, alertKey } = this.context;
    const step: LimitedStep = {
      uses: limits,
      facts: { service, region, target: service ?? alertKey ?? workflowInfo().workflowId },
      title,
      ...boundsOf(options),
      undo,
      stop: () => void (undo || this.stopIfResolved()),
      stops: () => !undo && this.stops(),
      waits: (text) => this.checklist.note(text),
    };
    return this.#limits.hold(step, act);
  }

  async #step<T>(
    phase: 'checking' | 'acting',
    region: string,
    title: string,
    call: (on: Acts) => Promise<T>,
    options: StepOptions,
    again?: RefusedCall,
  ): Promise<T> {
    this.stopIfResolved();
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
}

export function escalate(message: string): never {
  throw ApplicationFailure.create({ type: ESCALATED, message, nonRetryable: true });
}

const counting = <Acts extends object>(acts: Acts, count: () => void): Acts =>
  new Proxy(acts, {
    get: (_target, name) => {
      count();
      return acts[name as keyof Acts];
    },
  });
