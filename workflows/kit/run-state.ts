/** One run in progress: its checklist, its undo stack, and whether its alert is resolved. Steps are taken here, whoever decides about them. */
import { ApplicationFailure, condition, workflowInfo } from '@temporalio/workflow';
import type { Looks } from '../../activities/look.ts';
import { Checklist } from './checklist.ts';
import { type ChildOptions, ChildRuns } from './child-runs.ts';
import { ESCALATED } from './escalated.ts';
import type { Look } from './journal.ts';
import { type LimitedStep, RunLimits } from './limits.ts';
import { Places } from './places.ts';
import { RedButton, isRefusal, isUntouched } from './red-button.ts';
import { ResolvedMeanwhile } from './resolved.ts';
import type { ActOptions, CheckOptions, Run, VerifyOptions } from './run.ts';
import { NO_WORKER, type RunContext } from './run-context.ts';
import { type Activities, type RefusedCall, type StepOptions, boundsOf } from './step-activities.ts';

interface Undo {
  readonly title: string;
  readonly call: (again?: RefusedCall) => Promise<unknown>;
}

export class RunState<Acts extends Activities<Acts>> implements Look<Acts> {
  readonly context: RunContext = contextOfThisRun();
  readonly checklist = new Checklist(this.context);
  readonly #places = new Places(this.context, this.checklist);
  readonly #children = new ChildRuns(this.context);
  readonly #redButton = new RedButton(this.checklist);
  #undos: Undo[] = [];
  readonly #acted: string[] = [];
  readonly #limits = new RunLimits();
  #resolved = false;

  resolve(): void {
    if (this.#resolved) return;
    this.#resolved = true;
    this.checklist.note('the alert is resolved');
    this.#children.resolve();
  }

  /** Acts at once: mode `auto`. */
  run(region: string): Run<Acts> {
    return {
      context: this.context,
      check: (title, call, options = {}) => this.check(region, title, call, options),
      act: (title, call, options = {}) => this.act(region, title, call, options),
      verify: (title, call, options) => this.verify(region, title, call, options),
      note: (text) => this.checklist.note(text),
      escalate,
      child: (runbook, input, options) => this.child(region, runbook, input, options) as Promise<never>,
      onRegion: (other) => this.run(other),
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
    const result = await this.#redButton.through(
      async (again, waited) => {
        if (waited) this.stopIfResolved();
        // Registered before the act: an act that failed half-way has to be undone as well, and every undo may run on nothing.
        if (undoing !== null && !this.#undos.includes(undoing)) this.#undos.push(undoing);
        let calls = 0;
        const counted = (on: Acts): Promise<T> => call(counting(on, () => (calls += 1)));
        try {
          return await this.#limited({ region, title, undo: false }, options, () =>
            this.#step('acting', region, title, counted, options, again),
          );
        } catch (error) {
          begun ||= calls !== 1 || !(isUntouched(error) || isNoWorkerEver(error));
          // Refused before anything began: an alert that resolves while the run waits leaves nothing to undo.
          if (!begun && undoing !== null) this.#undos = this.#undos.filter((each) => each !== undoing);
          throw error;
        }
      },
      () => this.stops(),
    );
    this.#acted.push(title);
    return result;
  }

  async child(region: string, runbook: string, input: unknown, options: ChildOptions): Promise<unknown> {
    const { title, region: other = region } = options;
    this.stopIfResolved();
    const done = this.checklist.begin('acting', `${title}: ${runbook} in ${other}`);
    try {
      const report = await this.#children.run(runbook, input, other, options);
      done('ok');
      this.#acted.push(title);
      return report;
    } catch (error) {
      done('failed');
      throw error;
    }
  }

  #undoing(region: string, title: string, options: StepOptions, undo: (on: Acts) => Promise<unknown>): Undo {
    return {
      title,
      call: (again) => {
        const name = `undo: ${title}`;
        const back = () => undo(this.#on(region, name, options, { again, undo: true }));
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
        if (options.holds(await call(this.#on(region, `${title} (${attempt}/${options.attempts})`, options)))) {
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

  #on(
    region: string,
    title: string,
    options: StepOptions,
    { again, undo = false }: { readonly again?: RefusedCall | undefined; readonly undo?: boolean } = {},
  ): Acts {
    return this.#places.activities<Acts>({
      region,
      title,
      options,
      again,
      stop: () => void (undo || this.stopIfResolved()),
    });
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
      const result = await call(this.#on(region, title, options, { again }));
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

const isNoWorkerEver = (error: unknown): boolean => error instanceof ApplicationFailure && error.type === NO_WORKER;

export function escalate(message: string): never {
  throw ApplicationFailure.create({ type: ESCALATED, message, nonRetryable: true });
}

const MODES: ReadonlySet<unknown> = new Set([undefined, 'auto', 'approve', 'plan']);

function contextOfThisRun(): RunContext {
  const context = workflowInfo().memo?.['tocsin'] as RunContext | undefined;
  if (context === undefined)
    throw noContext('this run was started without memo `tocsin`; start it by a trigger or by `tocsin run`');
  if (!MODES.has(context.mode))
    throw noContext(
      `mode ${JSON.stringify(context.mode)} of memo \`tocsin\` is unknown; expected auto, approve or plan`,
    );
  return context;
}

const noContext = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'NoRunContext', message, nonRetryable: true });

const counting = <Acts extends object>(acts: Acts, count: () => void): Acts =>
  new Proxy(acts, {
    get: (_target, name) => {
      count();
      return acts[name as keyof Acts];
    },
  });
