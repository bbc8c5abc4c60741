/**
 * Waits until a window is open, and stands before every effect within it. The decision is taken outside (R7) and recorded; it is taken again
 * on every wake and at least once a day, because zone data and holidays change while a run sleeps. A run without windows pays nothing.
 */
import { ApplicationFailure, condition, patched, workflowInfo } from '@temporalio/workflow';
import type { Answer, AskOptions } from './ask-human.ts';
import { askAboutWindow } from './ask-about-window.ts';
import { decisions } from './decisions.ts';
import type { Checklist } from './checklist.ts';
import { NO_OPENING, type SignedOverride, WINDOW_CLOSED, type WindowDecision, windowName } from './window-message.ts';
import { endsBy } from './run-end.ts';
import { type WindowOptions, lastStart, lastStartBefore } from './window-options.ts';
import type { WindowUse } from './window-use.ts';
import { isoTime, workflowTime } from './workflow-time.ts';

const DAY_MS = 86_400_000;
/** A doubt may be mended at any time. */
const DOUBT_MS = 300_000;
/** Later looks at the same doubt, doubling: at most one an hour. */
const MAX_DOUBT_MS = 3_600_000;
const DEFAULT_WAIT_MS = 35 * DAY_MS;
const DEFAULT_JITTER_MS = 15 * 60_000;
/** Zone data, holidays and freezes may have changed since. */
const DEFAULT_RECHECK_MS = 300_000;
/** Runs of before kept to what was decided when it opened. */
const ASKS_AGAIN = 'window-is-asked-again';
/** Effects of runs of before could begin after the cut-off. */
const NOTHING_AFTER_CUTOFF = 'window-nothing-after-cutoff';
/** Runs of before waited on, until the server ended them. */
const ENDS_WITH_RUN = 'window-wait-ends-with-run';

/** What a gate needs of its run. */
export interface GatedRun {
  readonly checklist: Pick<Checklist, 'begin' | 'note'>;
  /** Throws when the run is not to wait any longer. */
  stopIfResolved(): void;
  stops(): boolean;
  /** Puts a question to people; rejects when the run ends instead. */
  ask(question: string, options: AskOptions<string>): Promise<Answer>;
}

/** Leaves an effect whose window has closed while it was held up. */
export class WindowPassed extends Error {
  override readonly name = 'WindowPassed';
}

export interface GateOptions {
  readonly use: WindowUse;
  readonly region: string;
  readonly options: WindowOptions;
  readonly run: GatedRun;
  /** What was given to open it by hand, if anything. */
  readonly override: () => SignedOverride | null;
}

export class WindowGate {
  readonly #name: string;
  readonly #asked: GateOptions;
  readonly #options: WindowOptions;
  readonly #run: GatedRun;
  /** Cut-off of this opening, ms since 1970. */
  #end = 0;
  /** When it was decided that it is open, ms since 1970; Infinity: it is not to be asked again. */
  #decidedAt = 0;
  #asking: Promise<void> | null = null;
  #noted = '';
  /** Why it is closed before the cut-off that was decided at first. */
  #shut = '';

  constructor(asked: GateOptions) {
    this.#asked = asked;
    this.#name = windowName(asked.use);
    this.#options = asked.options;
    this.#run = asked.run;
  }

  /** Resolves while it is open. Rejects when the alert is resolved, and with failure NoOpening (final). */
  async open(): Promise<void> {
    const { waitMs = DEFAULT_WAIT_MS } = this.#options;
    let deadline = workflowTime() + waitMs;
    const line = new WaitingLine(this.#run.checklist, `${this.#name} in ${this.#asked.region}`);
    try {
      for (let [doubts, patient] = [0, false]; ;) {
        this.#run.stopIfResolved();
        const decision = await this.#decide(this.#options.needMs);
        if (decision.kind === 'open') return this.#begin(decision);
        if (patient ? this.#isOver(deadline) : this.#isTooFar(decision, deadline)) {
          line.end();
          if (await this.#goesWithout(decision, deadline)) return;
          [deadline, patient] = [workflowTime() + waitMs, true];
        }
        line.show(decision.why);
        doubts = decision.kind === 'doubt' ? doubts + 1 : 0;
        if (doubts === 1) await this.#tell(decision.why);
        await this.#sleep(Math.min(nextLook(decision, doubts), deadline, this.#lastBegin()));
      }
    } finally {
      line.end();
    }
  }

  /** Throws WindowPassed when an effect that the run came to at `asked` may not begin now. Null: it may; else resolves when it may. */
  mayBegin(asked: number): Promise<void> | null {
    const { recheckMs = DEFAULT_RECHECK_MS } = this.#options;
    if (workflowTime() - this.#decidedAt <= recheckMs || !patched(ASKS_AGAIN)) return this.#assertOpen(asked);
    this.#asking ??= this.#askAgain().finally(() => (this.#asking = null));
    return this.#asking.then(() => void this.#assertOpen(asked));
  }

  #assertOpen(asked: number): null {
    const now = workflowTime();
    if (now <= this.lastStart()) return null;
    if (now <= lastStartBefore(this.#options, this.#end, asked) && !patched(NOTHING_AFTER_CUTOFF)) return null;
    throw new WindowPassed(`window ${this.#name} has closed`);
  }

  /** Whether it is open still: a step that has begun needs no more of it than its own effects do. */
  async #askAgain(): Promise<void> {
    const { needMs, onCutoff } = this.#options;
    const decision = await this.#decide(onCutoff === 'carryOver' ? needMs : 0);
    if (decision.kind === 'open') this.#begin(decision);
    else [this.#end, this.#shut] = [Math.min(this.#end, workflowTime() - 1), decision.why];
  }

  /** Until when an effect may begin, ms since 1970. */
  lastStart(): number {
    return lastStart(this.#options, this.#end);
  }

  /** Cut-off of this opening, ms since 1970; Infinity: there is none. It moves when something else is decided. */
  end(): number {
    return this.#end;
  }

  /** For an effect that came too late: waits for the next opening, or rejects with WindowClosed (final). */
  async again(): Promise<void> {
    if (this.#options.onCutoff === 'cancel') throw this.closedFailure();
    await this.open();
  }

  closedFailure(): ApplicationFailure {
    return ApplicationFailure.create({
      type: WINDOW_CLOSED,
      message: `window ${this.#name} reached its cut-off at ${isoTime(this.#end)}${this.#shut && `: ${this.#shut}`}`,
      nonRetryable: true,
    });
  }

  #decide(needMs: number): Promise<WindowDecision> {
    const { cutoffMs = 0, jitterMs = DEFAULT_JITTER_MS } = this.#options;
    const { use, region, override } = this.#asked;
    const at = workflowTime();
    return decisions.decideWindow({ use, region, needMs: needMs + cutoffMs, jitterMs, at, override: override() });
  }

  #begin({ closesAt, by, why }: Extract<WindowDecision, { kind: 'open' }>): void {
    this.#end = (closesAt ?? Infinity) - (this.#options.cutoffMs ?? 0);
    this.#decidedAt = workflowTime();
    if (by !== null && why !== this.#noted) this.#run.checklist.note(`window ${this.#name} ${why}`);
    this.#noted = why;
  }

  #isTooFar(decision: Exclude<WindowDecision, { kind: 'open' }>, deadline: number): boolean {
    if (decision.kind === 'doubt') return this.#isOver(deadline);
    return decision.kind === 'never' || decision.until > deadline || this.#outlastsRun(decision.until);
  }

  #isOver(deadline: number): boolean {
    return workflowTime() >= deadline || this.#outlastsRun(workflowTime());
  }

  /** Whether what begins then does. */
  #outlastsRun(at: number): boolean {
    return at >= this.#lastBegin() && patched(ENDS_WITH_RUN);
  }

  /** What begins later than this cannot end before the run has to, ms since 1970. */
  #lastBegin(): number {
    return (endsBy() ?? Infinity) - this.#options.needMs;
  }

  /** True: it acts outside of the window. False: people want it to wait on. Rejects with NoOpening. */
  async #goesWithout({ why, kind }: Exclude<WindowDecision, { kind: 'open' }>, deadline: number): Promise<boolean> {
    const { onNoWindow } = this.#options;
    const end = isoTime(Math.min(deadline, this.#lastBegin()));
    const none = `window ${this.#name} in ${this.#asked.region} does not open before ${end}. ${why}`;
    const said =
      onNoWindow === 'ask' ? await askAboutWindow(none, (text, options) => this.#run.ask(text, options)) : null;
    if (said?.choice === 'wait') return false;
    if (said?.choice !== 'act' && (onNoWindow !== 'run' || kind === 'doubt'))
      throw ApplicationFailure.create({ type: NO_OPENING, message: said?.failure ?? none, nonRetryable: true });
    this.#run.checklist.note(`acts outside window ${this.#name}, as ${said?.by ?? 'this runbook'} says. ${why}`);
    [this.#end, this.#decidedAt] = [Infinity, Infinity];
    return true;
  }

  async #sleep(until: number): Promise<void> {
    const { override } = this.#asked;
    const given = override();
    const ms = Math.max(1, Math.min(until - workflowTime(), DAY_MS));
    await condition(() => this.#run.stops() || override() !== given, ms);
  }

  #tell(why: string): Promise<void> {
    return decisions.tellPeople({
      about: `window ${this.#name}`,
      severity: 'warning',
      title: `window ${this.#name} is closed by doubt`,
      text: `${workflowInfo().workflowId} waits for it in ${this.#asked.region}. ${why}`,
    });
  }
}

const nextLook = (decision: Exclude<WindowDecision, { kind: 'open' }>, doubts: number): number => {
  if (decision.kind === 'wait') return decision.until;
  return decision.kind === 'doubt' ? afterDoubt(doubts) : Infinity;
};

const afterDoubt = (doubts: number): number =>
  workflowTime() + Math.min(DOUBT_MS * 2 ** Math.min(doubts - 1, 10), MAX_DOUBT_MS);

/** One line of the checklist for as long as it says the same. */
class WaitingLine {
  readonly #checklist: Pick<Checklist, 'begin'>;
  readonly #what: string;
  #text: string | null = null;
  #done: ReturnType<Checklist['begin']> | null = null;

  constructor(checklist: Pick<Checklist, 'begin'>, what: string) {
    this.#checklist = checklist;
    this.#what = what;
  }

  show(text: string): void {
    if (text === this.#text) return;
    this.end();
    this.#text = text;
    this.#done = this.#checklist.begin('waiting', `waits for window ${this.#what}: ${text}`);
  }

  end(): void {
    this.#done?.('ok');
    this.#done = null;
    this.#text = null;
  }
}
