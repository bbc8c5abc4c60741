/**
 * Runs a procedure under approval: plan, ask, act. While it acts, every effect has to be the very one that was approved, and what was seen
 * before has to be so still; else the approval is void, and the rest is planned and asked again. What was done is not done again.
 */
import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { Counted } from '../../activities/approvals.ts';
import type { Approval } from './approval.ts';
import { asJson, canonical } from './canonical.ts';
import { decisions } from './decisions.ts';
import { escalate } from './escalate.ts';
import { type Journal, type JournalEntry, recall, upToLastEffect } from './journal.ts';
import { Queue } from './queue.ts';
import { onlyCalls } from './only-calls.ts';
import type { Plan, PlannedAction, PlannedObservation } from './plan.ts';
import { makePlan, plannedAction, plannedChild } from './planning-pass.ts';
import type { ActOptions, CheckOptions, Run } from './run.ts';
import type { RunState } from './run-state.ts';
import type { Activities } from './step-activities.ts';

/** Failure type of a run whose state would not hold still while people were asked. */
const APPROVAL_UNSETTLED = 'ApprovalUnsettled';

/** Questions of one run; with the longest expiry they fit into APPROVAL_ALLOWANCE_MS. */
const MAX_QUESTIONS = 5;

export interface ApprovedRun<Input, Report, Acts extends Activities<Acts>> {
  readonly procedure: (input: Input, run: Run<Acts>) => Promise<Report>;
  readonly input: Input;
  readonly state: RunState<Acts>;
  readonly approval: Approval;
}

export async function runApproved<Input, Report, Acts extends Activities<Acts>>(
  options: ApprovedRun<Input, Report, Acts>,
): Promise<Report> {
  const { procedure, input, state, approval } = options;
  const { context, checklist } = state;
  let journal: Journal = [];
  for (let question = 1; question <= MAX_QUESTIONS; question += 1) {
    const plan = await makePlan({ procedure, input, context, journal, look: state });
    state.stopIfResolved();
    const counted = plan.actions.length === 0 ? [] : await approval.ask(plan, () => state.stops());
    state.stopIfResolved();
    const pass = new ApprovedPass(state, plan, counted, journal);
    const end = await endOf(procedure(input, pass.run(context.region)));
    if (pass.void === null || ('error' in end && isCancellation(end.error))) {
      if ('error' in end) throw end.error;
      return end.report;
    }
    checklist.note(`void, asking again: ${pass.void}`);
    journal = upToLastEffect(pass.journal);
  }
  throw ApplicationFailure.create({
    type: APPROVAL_UNSETTLED,
    message: `what was approved was void ${MAX_QUESTIONS} times, because something had changed each time; a human has to take over`,
    nonRetryable: true,
  });
}

type End<Report> = { readonly report: Report } | { readonly error: unknown };

const endOf = <Report>(running: Promise<Report>): Promise<End<Report>> =>
  running.then(
    (report) => ({ report }),
    (error: unknown) => ({ error }),
  );

/** Thrown to leave the procedure when its approval is void; `ApprovedPass.void` says why, whatever the procedure makes of it. */
class Void extends Error {
  override readonly name = 'Void';
}

type At = Pick<PlannedAction, 'step' | 'title' | 'region'>;

class ApprovedPass<Acts extends Activities<Acts>> {
  void: string | null = null;
  readonly journal: JournalEntry[] = [];
  readonly #state: RunState<Acts>;
  readonly #plan: Plan;
  readonly #counted: readonly Counted[];
  readonly #before: Journal;
  readonly #queue = new Queue();

  constructor(state: RunState<Acts>, plan: Plan, counted: readonly Counted[], before: Journal) {
    this.#state = state;
    this.#plan = plan;
    this.#counted = counted;
    this.#before = before;
  }

  run(region: string): Run<Acts> {
    const state = this.#state;
    return {
      context: state.context,
      check: (title, call, options = {}) =>
        this.#next('check', { title, region }, async (at) => {
          const result = await state.check(region, title, call, options);
          this.#compareCheck(at, result, options);
          return result;
        }),
      act: (title, call, options = {}) => this.#next('act', { title, region }, (at) => this.#act(at, call, options)),
      verify: (title, call, options) =>
        this.#next('verify', { title, region }, async (at) => {
          const held = await state.verify(region, title, call, options);
          this.#compare(at, held);
          return held;
        }),
      inWindow: (window, options, body) => state.windows.within(window, region, options, body),
      askHuman: (question, options) =>
        this.#next('ask', { title: question, region }, () => state.askHuman(question, options)),
      waitFor: (title, options) => this.#next('wait', { title, region }, () => state.waitFor(title, options)),
      soak: (title, ms) => this.#next('wait', { title, region }, () => state.soak(title, ms)),
      alone: (body) => state.undos.alone(body),
      report: () => state.report(),
      note: (text) => state.note(text),
      escalate,
      child: (runbook, input, options) =>
        this.#next('act', { title: options.title, region }, async (at) => {
          this.#compareAction(plannedChild(at, runbook, input, options));
          return state.child(region, runbook, input, options);
        }) as Promise<never>,
      onRegion: (other) => this.run(other),
    };
  }

  #next<T>(kind: JournalEntry['kind'], { title, region }: Omit<At, 'step'>, take: (at: At) => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      // A procedure that catches the end of its approval must not act on.
      if (this.void !== null) throw new Void(this.void);
      const step = this.journal.length + 1;
      const known = this.#before[step - 1];
      if (known !== undefined) {
        this.journal.push(known);
        return recall(known) as T;
      }
      try {
        const value = await take({ step, title, region });
        this.journal.push({ kind, title, outcome: { value } });
        return value;
      } catch (error) {
        if (this.void === null) this.journal.push({ kind, title, outcome: { error } });
        throw error;
      }
    });
  }

  async #act<T>(at: At, call: (on: Acts) => Promise<T>, options: ActOptions<Acts, T>): Promise<T> {
    const action = await plannedAction(at, call, options);
    this.#compareAction(action);
    const { undo } = options;
    // Asked last of all before the effect, after any other wait.
    const approved = async (on: Acts): Promise<T> => {
      const lapsed = await decisions.approvalLapsed({ counted: this.#counted });
      if (lapsed !== null) this.#end(lapsed);
      return call(onlyCalls(on, action.calls));
    };
    const guarded = undo === undefined ? options : { ...options, undo: (on: Acts) => undo(onlyCalls(on, action.undo)) };
    return this.#state.act(at.region, at.title, approved, guarded);
  }

  #compareAction(action: PlannedAction): void {
    const planned = this.#plan.actions.find(({ step }) => step === action.step);
    if (planned === undefined) this.#end(`"${action.title}" is not in the plan`);
    if (canonical(planned) !== canonical(action))
      this.#end(`the plan has ${textOf(planned)} where now it would be ${textOf(action)}`);
  }

  #compareCheck<T>(at: At, result: T, { significant }: CheckOptions<T>): void {
    this.#compare(at, significant === undefined ? result : significant(result));
  }

  /** A plan without effects stands on nothing that was seen. */
  #compare(at: At, seen: unknown): void {
    const planned = this.#plan.observed.find(({ step }) => step === at.step);
    if (planned === undefined || !planned.binding || this.#plan.actions.length === 0) return;
    const now: PlannedObservation = { ...at, result: asJson(seen), binding: true };
    if (canonical(planned) === canonical(now)) return;
    this.#end(`${at.title} ${cut(canonical(now.result))}, and the plan saw ${cut(canonical(planned.result))}`);
  }

  #end(why: string): never {
    this.void = why;
    throw new Void(why);
  }
}

const MAX_SHOWN = 150;
const cut = (text: string): string => text.slice(0, MAX_SHOWN);
const textOf = ({ title, region, calls }: PlannedAction): string =>
  cut(`"${title}" in ${region}: ${calls.map(({ activity, input }) => `${activity} ${canonical(input)}`).join(', ')}`);
