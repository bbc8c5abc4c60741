/**
 * What a run asks people, and the answers: signed updates, one question at a time. Who may answer is judged by a local activity and recorded
 * whatever it says; what has not even the shape of an answer never enters the history. Bounded by the question's end. A run that asks
 * nothing pays nothing for this.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Counted, JudgeRequest } from '../../activities/approvals.ts';
import type { RunNotice } from '../../activities/tell.ts';
import {
  type ANSWER_UPDATE,
  type APPROVE_UPDATE,
  type AnswerResult,
  type DENY_UPDATE,
  type Question,
  type Refusal,
  type SignedAnswer,
  type Verdict,
  shapeProblem,
} from './approval-message.ts';
import type { Checklist } from './checklist.ts';
import { decisions } from './decisions.ts';
import { Queue } from './queue.ts';
import { refusedAnswers } from './refused-answers.ts';

/** Refused answers that one run records; whoever sends more gets no further judgement. */
const MAX_REFUSED = 100;
/** Runs of before waited for their turn in any case. */
const LEAVES_QUEUE = 'question-leaves-queue';
/** Nor was an answer judged once they were cancelled. */
const JUDGES_WHEN_CANCELLED = 'answers-judged-when-cancelled';
/** Of what was refused, the checklist shows the first; the log has all. */
const MAX_REFUSED_LINES = 10;

type Update = typeof APPROVE_UPDATE | typeof DENY_UPDATE | typeof ANSWER_UPDATE;

const DESCRIPTIONS: Readonly<Record<Update, string>> = {
  approve: 'A signed approval of the plan in this run’s details.',
  deny: 'A signed refusal of the plan in this run’s details.',
  answer: 'A signed answer to the question in this run’s details.',
};

/** An answer that counted. */
export interface Given extends Counted {
  readonly decision: string;
  readonly reason: string;
}

export interface Asked {
  readonly question: Question;
  /** By which updates it is answered, and what each may decide. */
  readonly by: Readonly<Partial<Record<Update, readonly string[]>>>;
  /** How many different people each decision needs. */
  readonly needs: (decision: string) => number;
  /** As `JudgeRequest` has it. */
  readonly startedBy?: string | null;
  /** What the sender of an answer is told that its question has come to. */
  readonly stateOf: (decision: string) => 'approved' | 'denied' | 'answered';
  /** A line of the checklist. */
  readonly lineOf: (given: Given) => string;
  /** Markdown, shown while it is open. */
  readonly text: (given: readonly Given[]) => string;
  readonly notice: (round: number) => RunNotice;
}

interface Open extends Asked {
  given: readonly Given[];
  /** The decision that has the people it needs. */
  settled: string | null;
}

export class Questions {
  readonly #checklist: Checklist;
  readonly #region: string;
  readonly #said: (line: string) => void;
  readonly #heard = new Set<Update>();
  readonly #queue = new Queue();
  /** Nonces that were taken up, of all questions: at most as many as answers are recorded. */
  readonly #used: string[] = [];
  #open: Open | null = null;
  /** Whether a question has been settled; what comes then is too late rather than too early. */
  #over = false;
  /** Answers that were judged and refused, and lines about what was refused. */
  #refused = 0;
  #refusedLines = 0;

  /** `said`: hears of each answer that counts. */
  constructor(checklist: Checklist, region: string, said: (line: string) => void) {
    this.#checklist = checklist;
    this.#region = region;
    this.#said = said;
  }

  /** From now on these are heard, be a question open or not. */
  listen(...updates: readonly Update[]): void {
    for (const update of updates) {
      if (this.#heard.has(update)) continue;
      this.#heard.add(update);
      this.#listen(update);
    }
  }

  /**
   * One after another; whoever need not ask any more waits for no turn. Resolves to the answers of the decision that has the people it needs; to
   * null when `stop` or the question's end came first.
   */
  async ask(open: () => Promise<Asked>, stop: () => boolean): Promise<readonly Given[] | null> {
    let turn = 'waits' as 'waits' | 'came' | 'left';
    const asking = this.#queue.run(async () => {
      if (turn === 'left') return null;
      turn = 'came';
      return this.#put(await open(), stop);
    });
    // Whoever is cancelled in the queue hears of it here.
    asking.catch(() => undefined);
    await condition(() => turn === 'came' || stop());
    if (turn === 'came' || !patched(LEAVES_QUEUE)) return asking;
    turn = 'left';
    return null;
  }

  async #put(asked: Asked, stop: () => boolean): Promise<readonly Given[] | null> {
    const open: Open = { ...asked, given: [], settled: null };
    this.#open = open;
    this.#show(open);
    try {
      await this.#untilSettled(open, stop);
      const { settled, given } = open;
      return settled === null ? null : given.filter(({ decision }) => decision === settled);
    } finally {
      this.#open = null;
      this.#over = true;
      this.#checklist.question(null);
    }
  }

  async #untilSettled(open: Open, stop: () => boolean): Promise<void> {
    const { question, notice } = open;
    const settled = (): boolean => open.settled !== null || stop();
    for (const [round, { afterMs, people }] of question.tell.entries()) {
      if (people.length > 0) this.#checklist.note(`${round === 0 ? 'asked' : 'asked again'}: ${people.join(', ')}`);
      await decisions.tellPeople(notice(round));
      const next = question.tell[round + 1];
      if (next === undefined || (await condition(settled, next.afterMs - afterMs))) return;
    }
  }

  #listen(update: Update): void {
    setHandler(defineUpdate<AnswerResult, [SignedAnswer]>(update), (answer) => this.#answer(update, answer), {
      description: DESCRIPTIONS[update],
      validator: (...args: readonly unknown[]) => {
        const problem =
          this.#refused >= MAX_REFUSED ? `${MAX_REFUSED} answers have been refused already` : shapeProblem(args);
        if (problem === null) return;
        log.warn('approval refused before it was recorded', {
          decision: update,
          refusal: 'malformed',
          detail: problem,
        });
        this.#tell(update, 'malformed', problem);
        throw ApplicationFailure.nonRetryable(problem, 'ApprovalRefused');
      },
    });
    setHandler(defineSignal<unknown[]>(update), () => {
      this.#note(update, 'malformed', 'a signal is no answer; it needs a signed update');
    });
  }

  async #answer(update: Update, answer: SignedAnswer): Promise<AnswerResult> {
    const open = this.#open;
    const allowed = open?.by[update];
    if (open === null || allowed === undefined) return this.#notOpen(update);
    const verdict = await judged({
      answer,
      decisions: allowed,
      question: { planHash: open.question.planHash, expiresAt: open.question.expiresAt },
      runId: workflowInfo().firstExecutionRunId,
      ...(open.startedBy === undefined ? {} : { startedBy: open.startedBy }),
      approvedBy: open.given.map(({ person }) => person),
      used: this.#used,
    });
    if (verdict === null)
      return this.#refuse(update, 'already-decided', 'the run was cancelled before this answer was judged');
    if (!verdict.valid) return this.#refuse(update, verdict.refusal, verdict.detail);
    // Others may have answered while this one was judged.
    if (this.#open !== open || open.settled !== null)
      return this.#refuse(update, 'already-decided', 'the question was settled meanwhile');
    const { person, key, nonce, reason, execution } = verdict;
    const decision = verdict.decision ?? update;
    if (this.#used.includes(nonce)) return this.#refuse(update, 'replayed', 'this answer has been given before');
    if (decision !== 'deny' && open.given.some((each) => each.person === person))
      return this.#refuse(update, 'twice', `${person} has answered already`);
    this.#used.push(nonce);
    return this.#count(open, { decision, person, key, execution, reason });
  }

  #count(open: Open, given: Given): AnswerResult {
    const { decision } = given;
    open.given = [...open.given, given];
    const line = open.lineOf(given);
    this.#checklist.note(line);
    this.#said(line);
    const missing = open.needs(decision) - open.given.filter((each) => each.decision === decision).length;
    if (missing <= 0) {
      open.settled = decision;
      return { accepted: true, state: open.stateOf(decision), missing: 0 };
    }
    this.#show(open);
    return { accepted: true, state: 'waiting', missing };
  }

  #notOpen(update: Update): AnswerResult {
    if (this.#open !== null)
      return this.#refuse(update, 'other-question', `what is open now is not answered by ${update}`);
    return this.#over
      ? this.#refuse(update, 'already-decided', 'no question is open any more; `tocsin runs cancel` stops the run')
      : this.#refuse(update, 'not-asked', 'this run has not asked yet');
  }

  #refuse(update: Update, refusal: Refusal, detail: string): AnswerResult & { accepted: false } {
    this.#refused += 1;
    this.#note(update, refusal, detail);
    return { accepted: false, refusal, detail };
  }

  #note(update: Update, refusal: Refusal, detail: string): void {
    log.warn('approval refused', { decision: update, refusal, detail });
    this.#tell(update, refusal, detail);
    this.#refusedLines += 1;
    if (this.#refusedLines <= MAX_REFUSED_LINES) this.#checklist.note(`refused to ${update} (${refusal}): ${detail}`);
  }

  #tell(decision: Update, refusal: Refusal, detail: string): void {
    refusedAnswers.refused({ decision, refusal, detail, region: this.#region });
  }

  #show(open: Open): void {
    this.#checklist.question(open.text(open.given));
  }
}

/** Null when the run is cancelled meanwhile. */
async function judged(request: JudgeRequest): Promise<Verdict | null> {
  const judge = (): Promise<Verdict> => decisions.judgeAnswer(request);
  // Handlers are parts of the whole run: also while it is cancelled, and asks how to undo.
  if (CancellationScope.current().consideredCancelled && patched(JUDGES_WHEN_CANCELLED))
    return CancellationScope.nonCancellable(judge);
  try {
    return await judge();
  } catch (error) {
    if (isCancellation(error)) return null;
    throw error;
  }
}
