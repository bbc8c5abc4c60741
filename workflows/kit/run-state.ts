/** One run in progress: its checklist, its undo stack, and whether its alert is resolved. Steps are taken here, whoever decides about them. */
import { condition, workflowInfo } from '@temporalio/workflow';
import type { Looks } from '../../activities/look.ts';
import { type Answer, type AskOptions, HumanQuestions } from './ask-human.ts';
import { Checklist } from './checklist.ts';
import { type ChildOptions, ChildRuns } from './child-runs.ts';
import { contextOfThisRun } from './context-of-this-run.ts';
import { EffectCalls } from './effect-calls.ts';
import { escalate } from './escalate.ts';
import { heedingCancellation } from './heeding-cancellation.ts';
import type { Look } from './journal.ts';
import { type LimitedStep, RunLimits } from './limits.ts';
import { notRepeatable } from './not-repeatable.ts';
import { Places } from './places.ts';
import { PostMortem } from './post-mortem.ts';
import { Questions } from './questions.ts';
import { RedButton, isRefusal } from './red-button.ts';
import { ResolvedMeanwhile, isResolvedReport } from './resolved.ts';
import type { ActOptions, CheckOptions, Run, VerifyOptions } from './run.ts';
import type { RunContext } from './run-context.ts';
import { RunUndos } from './run-undos.ts';
import type { Undo } from './undo-stack.ts';
import { RunWaits, type WaitOptions, type Waited } from './wait-for.ts';
import { type Activities, type RefusedCall, type StepOptions, boundsOf, latest } from './step-activities.ts';
import { RunWindows, throughWindow } from './windows.ts';
import { workflowTime } from './workflow-time.ts';

export class RunState<Acts extends Activities<Acts>> implements Look<Acts> {
  readonly context: RunContext = contextOfThisRun();
  readonly checklist = new Checklist(this.context);
  readonly #children = new ChildRuns(this.context);
  readonly #redButton = new RedButton(this.checklist);
  readonly #story = new PostMortem(workflowInfo(), this.context);
  readonly undos = new RunUndos({ checklist: this.checklist, redButton: this.#redButton, story: this.#story });
  readonly #acted: string[] = [];
  readonly #limits = new RunLimits();
  readonly windows = new RunWindows(this);
  readonly questions = new Questions(this.checklist, this.context.region, (line) => this.#story.add('Answers', line));
  readonly #humans = new HumanQuestions(this.context, this.checklist, this.questions);
  readonly #places = new Places(this.context, this.checklist, (text, options, stop) =>
    this.#humans.ask(text, options, stop),
  );
  readonly #waits = new RunWaits(this.context, this.checklist);
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
      inWindow: (window, options, body) => this.windows.within(window, region, options, body),
      askHuman: (question, options) => this.askHuman(question, options),
      waitFor: (title, options) => this.waitFor(title, options),
      soak: (title, ms) => this.soak(title, ms),
      alone: (body) => this.undos.alone(body),
      note: (text) => this.note(text),
      report: () => this.report(),
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
    const seen = await heedingCancellation(this.context, () => this.#step('checking', region, title, call, options));
    this.#story.saw(title, seen);
    return seen;
  }

  async act<T>(
    region: string,
    title: string,
    call: (on: Acts) => Promise<T>,
    options: ActOptions<Acts, T>,
  ): Promise<T> {
    const { undo } = options;
    const undos = this.undos.current();
    const undoing = undo === undefined ? null : this.#undoing(region, title, options, undo);
    const calls = new EffectCalls<Acts>();
    const asked = workflowTime();
    const effect = (again?: RefusedCall): Promise<T> =>
      this.#redButton.through(
        async (refused, waited) => {
          if (waited) this.stopIfResolved();
          // Registered before the act: an act that failed half-way has to be undone as well, and every undo may run on nothing.
          if (undoing !== null) undos.push(undoing);
          try {
            return await throughWindow(asked, (guarded) =>
              this.#limited({ region, title, undo: false }, options, () =>
                guarded(() =>
                  this.#step('acting', region, title, (on) => call(calls.of(on)), options, latest(refused, again)),
                ),
              ),
            );
          } catch (error) {
            // Refused, or given up: whatever ends the run while it waits leaves nothing to undo.
            if (undoing !== null && calls.neverBegan(error)) undos.drop(undoing);
            throw error;
          }
        },
        () => this.stops(),
      );
    const result = await heedingCancellation(this.context, () =>
      options.repeatable === false ? this.#once(title, effect, options) : effect(),
    );
    this.#acted.push(title);
    this.#story.add('Done', title);
    return result;
  }

  /** Rejects with ResolvedMeanwhile when the alert is resolved before anybody answered. */
  async askHuman<Choice extends string>(question: string, options: AskOptions<Choice>): Promise<Choice> {
    const answer = await this.ask(question, options);
    return answer.choice as Choice;
  }

  /** Rejects with ResolvedMeanwhile when the run is to end instead. */
  async waitFor<Data>(title: string, options: WaitOptions<Data>): Promise<Waited<Data>> {
    this.stopIfResolved();
    const run = { resolved: () => this.#resolved, stops: () => this.stops() };
    const waited = await this.#waits.wait(title, options, run);
    if (waited === null) throw new ResolvedMeanwhile('the alert is resolved');
    return waited;
  }

  /** Rejects with ResolvedMeanwhile when the run is to end instead. */
  async soak(title: string, ms: number): Promise<void> {
    this.stopIfResolved();
    await this.#waits.soak(title, ms, () => this.stops());
    this.stopIfResolved();
  }

  /** As askHuman; resolves to who answered, and why. */
  async ask(question: string, options: AskOptions<string>): Promise<Answer> {
    this.stopIfResolved();
    const answer = await this.#humans.ask(question, options, () => this.stops());
    if (answer === null) throw new ResolvedMeanwhile('the alert is resolved');
    return answer;
  }

  #once<T>(title: string, attempt: (again?: RefusedCall) => Promise<T>, options: ActOptions<Acts, T>): Promise<T> {
    const assumed = 'assumed' in options ? () => options.assumed as T : null;
    const { totalMs } = boundsOf(options);
    return notRepeatable({ title, totalMs, attempt, ask: (question, asked) => this.ask(question, asked), assumed });
  }

  async child(region: string, runbook: string, input: unknown, options: ChildOptions): Promise<unknown> {
    const { title, region: other = region } = options;
    this.stopIfResolved();
    const done = this.checklist.begin('acting', `${title}: ${runbook} in ${other}`);
    try {
      const report = await this.#children.run(runbook, input, other, options);
      if (isResolvedReport(report)) this.stopIfResolved();
      done('ok');
      this.#acted.push(title);
      this.#story.add('Done', title);
      return report;
    } catch (error) {
      done('failed');
      throw error;
    }
  }

  #undoing(region: string, title: string, options: StepOptions, undo: (on: Acts) => Promise<unknown>): Undo {
    const calls = new EffectCalls<Acts>();
    return {
      title,
      call: (again) => {
        const name = `undo: ${title}`;
        const back = () =>
          undo(calls.of(this.#on(region, name, { ...options, repeatable: true }, { again, undo: true })));
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
        const look = (): Promise<T> => call(this.#on(region, `${title} (${attempt}/${options.attempts})`, options));
        if (options.holds(await heedingCancellation(this.context, look))) {
          done('ok');
          this.#story.add('Seen', `${title} yes`);
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
    this.#story.add('Seen', `${title} no, ${options.attempts} times`);
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
      waits: this.context.cancelled === 'ended',
      stop: () => void (undo || this.stopIfResolved()),
    });
  }

  /** Titles of the effects that came to their end, oldest first. */
  acted(): readonly string[] {
    return this.#acted;
  }

  note(text: string): void {
    this.checklist.note(text);
    this.#story.add('Notes', text);
  }

  /** Markdown: what has been seen, done, undone and answered up to now. */
  report(): string {
    return this.#story.markdown();
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
}
