/**
 * Asks people about a plan and waits for their answers: updates `approve` and `deny`, each signed. Who may answer is judged by a local
 * activity and recorded whatever it says; what has not even the shape of an answer never enters the history. Bounded by the question's end.
 */
import {
  ApplicationFailure,
  condition,
  defineSignal,
  defineUpdate,
  log,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Counted } from '../../activities/approvals.ts';
import {
  APPROVE_UPDATE,
  type AnswerResult,
  type AskedInMemo,
  DENY_UPDATE,
  type Decision,
  QUESTION_MEMO,
  type Question,
  type Refusal,
  type SignedAnswer,
  shapeProblem,
} from './approval-message.ts';
import { questionNotice, questionText } from './approval-text.ts';
import type { Checklist } from './checklist.ts';
import { decisions } from './decisions.ts';
import type { Plan } from './plan.ts';
import { refusedAnswers } from './refused-answers.ts';
import type { RunContext } from './run-context.ts';

/** Failure type of a run whose question nobody answered in time. */
const APPROVAL_EXPIRED = 'ApprovalExpired';

/** Refused answers that one run records; whoever sends more gets no further judgement. */
const MAX_REFUSED = 100;
/** Of what was refused, the checklist shows the first; the log has all. */
const MAX_REFUSED_LINES = 10;

/** Thrown to leave the procedure when somebody denied; never leaves the kit. */
export class Denied extends Error {
  override readonly name = 'Denied';
  readonly person: string;
  readonly reason: string;

  constructor(person: string, reason: string) {
    super(`denied by ${person}: ${reason}`);
    this.person = person;
    this.reason = reason;
  }
}

interface Open {
  readonly plan: Plan;
  readonly question: Question;
  approvedBy: Counted[];
  denied: Denied | null;
}

export class Approval {
  readonly #context: RunContext;
  readonly #checklist: Checklist;
  /** Nonces that were taken up, of all questions: at most as many as answers are recorded. */
  readonly #used: string[] = [];
  #open: Open | null = null;
  /** Whether a question has been settled; what comes then is too late rather than too early. */
  #settled = false;
  /** Answers that were judged and refused, and lines about what was refused. */
  #refused = 0;
  #refusedLines = 0;

  constructor(context: RunContext, checklist: Checklist) {
    this.#context = context;
    this.#checklist = checklist;
    this.#listen(APPROVE_UPDATE, 'approve', 'A signed approval of the plan in this run’s details.');
    this.#listen(DENY_UPDATE, 'deny', 'A signed refusal of the plan in this run’s details.');
  }

  /** Resolves to what counted, once enough people approved; to nothing when `stop` ended the wait. Rejects with Denied, or as failure ApprovalExpired. */
  async ask(plan: Plan, stop: () => boolean): Promise<readonly Counted[]> {
    const question = await decisions.openQuestion({ plan });
    const open: Open = { plan, question, approvedBy: [], denied: null };
    this.#open = open;
    upsertMemo({ [QUESTION_MEMO]: { ...question, plan } satisfies AskedInMemo });
    const answered = this.#checklist.begin('approval', `approval of plan ${question.planHash.slice(0, 12)}`);
    this.#show(open);
    try {
      await this.#untilSettled(open, stop);
      if (open.denied !== null) throw open.denied;
      if (stop()) return [];
      if (open.approvedBy.length >= question.quorum) {
        answered('ok');
        return open.approvedBy;
      }
      this.#checklist.note('nobody answered in time');
      throw ApplicationFailure.create({
        type: APPROVAL_EXPIRED,
        message: `nobody approved plan ${question.planHash.slice(0, 12)} in time; nothing further was done`,
        nonRetryable: true,
      });
    } finally {
      this.#open = null;
      this.#settled = true;
      this.#checklist.question(null);
      if (open.approvedBy.length < question.quorum) answered('failed');
    }
  }

  async #untilSettled(open: Open, stop: () => boolean): Promise<void> {
    const { question } = open;
    const settled = (): boolean => open.denied !== null || open.approvedBy.length >= question.quorum || stop();
    for (const [round, { afterMs, people }] of question.tell.entries()) {
      if (people.length > 0) this.#checklist.note(`${round === 0 ? 'asked' : 'asked again'}: ${people.join(', ')}`);
      await decisions.tellPeople(questionNotice(open.plan, question, round));
      const next = question.tell[round + 1];
      if (next === undefined || (await condition(settled, next.afterMs - afterMs))) return;
    }
  }

  #listen(name: string, decision: Decision, description: string): void {
    setHandler(defineUpdate<AnswerResult, [SignedAnswer]>(name), (answer) => this.#answer(decision, answer), {
      description,
      validator: (...args: readonly unknown[]) => {
        const problem =
          this.#refused >= MAX_REFUSED ? `${MAX_REFUSED} answers have been refused already` : shapeProblem(args);
        if (problem === null) return;
        log.warn('approval refused before it was recorded', { decision, refusal: 'malformed', detail: problem });
        this.#tell(decision, 'malformed', problem);
        throw ApplicationFailure.nonRetryable(problem, 'ApprovalRefused');
      },
    });
    setHandler(defineSignal<unknown[]>(name), () => {
      this.#note(decision, 'malformed', 'a signal is no answer; it needs a signed update');
    });
  }

  async #answer(decision: Decision, answer: SignedAnswer): Promise<AnswerResult> {
    const open = this.#open;
    if (open === null) return this.#notOpen(decision);
    const verdict = await decisions.judgeAnswer({
      answer,
      decision,
      question: { planHash: open.question.planHash, expiresAt: open.question.expiresAt },
      runId: workflowInfo().firstExecutionRunId,
      ...(this.#context.trigger === null ? { startedBy: this.#context.startedBy ?? null } : {}),
      approvedBy: open.approvedBy.map(({ person }) => person),
      used: this.#used,
    });
    if (!verdict.valid) return this.#refuse(decision, verdict.refusal, verdict.detail);
    // Others may have answered while this one was judged.
    if (this.#open !== open || open.denied !== null || open.approvedBy.length >= open.question.quorum)
      return this.#refuse(decision, 'already-decided', 'the question was settled meanwhile');
    const { person, key, nonce, reason, execution } = verdict;
    if (this.#used.includes(nonce)) return this.#refuse(decision, 'replayed', 'this answer has been given before');
    if (decision === 'approve' && open.approvedBy.some((each) => each.person === person))
      return this.#refuse(decision, 'twice', `${person} has approved already`);
    this.#used.push(nonce);
    return this.#count(open, decision, { person, key, execution }, reason);
  }

  #count(open: Open, decision: Decision, counted: Counted, reason: string): AnswerResult {
    const { quorum } = open.question;
    const why = reason === '' ? '' : `: ${reason}`;
    if (decision === 'deny') {
      open.denied = new Denied(counted.person, reason);
      this.#checklist.note(`denied by ${counted.person}${why}`);
      return { accepted: true, state: 'denied', missing: 0 };
    }
    open.approvedBy = [...open.approvedBy, counted];
    this.#checklist.note(`approved by ${counted.person}${why}`);
    const missing = quorum - open.approvedBy.length;
    if (missing > 0) this.#show(open);
    return { accepted: true, state: missing > 0 ? 'waiting' : 'approved', missing };
  }

  #notOpen(decision: Decision): AnswerResult {
    return this.#settled
      ? this.#refuse(decision, 'already-decided', 'no question is open any more; `tocsin runs cancel` stops the run')
      : this.#refuse(decision, 'not-asked', 'this run has not asked yet');
  }

  #refuse(decision: Decision, refusal: Refusal, detail: string): AnswerResult & { accepted: false } {
    this.#refused += 1;
    this.#note(decision, refusal, detail);
    return { accepted: false, refusal, detail };
  }

  #note(decision: Decision, refusal: Refusal, detail: string): void {
    log.warn('approval refused', { decision, refusal, detail });
    this.#tell(decision, refusal, detail);
    this.#refusedLines += 1;
    if (this.#refusedLines <= MAX_REFUSED_LINES) this.#checklist.note(`refused to ${decision} (${refusal}): ${detail}`);
  }

  #tell(decision: Decision, refusal: Refusal, detail: string): void {
    refusedAnswers.refused({ decision, refusal, detail, region: this.#context.region });
  }

  #show({ plan, question, approvedBy }: Open): void {
    const { workflowId } = workflowInfo();
    this.#checklist.question(
      questionText({ plan, question, workflowId, approvedBy: approvedBy.map(({ person }) => person) }),
    );
  }
}
