/** Asks people about a plan and waits until enough of them approve, or one denies. */
import { ApplicationFailure, upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { Counted } from '../../activities/approvals.ts';
import { APPROVE_UPDATE, type AskedInMemo, DENY_UPDATE, QUESTION_MEMO, type Question } from './approval-message.ts';
import { questionNotice, questionText } from './approval-text.ts';
import type { Checklist } from './checklist.ts';
import { decisions } from './decisions.ts';
import type { Plan } from './plan.ts';
import type { Asked, Given, Questions } from './questions.ts';
import type { RunContext } from './run-context.ts';

/** Failure type of a run whose question nobody answered in time. */
const APPROVAL_EXPIRED = 'ApprovalExpired';

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

export class Approval {
  readonly #context: RunContext;
  readonly #checklist: Checklist;
  readonly #questions: Questions;

  constructor(context: RunContext, checklist: Checklist, questions: Questions) {
    this.#context = context;
    this.#checklist = checklist;
    this.#questions = questions;
    questions.listen(APPROVE_UPDATE, DENY_UPDATE);
  }

  /** Resolves to what counted, once enough people approved; to nothing when `stop` ended the wait. Rejects with Denied, or as failure ApprovalExpired. */
  async ask(plan: Plan, stop: () => boolean): Promise<readonly Counted[]> {
    let answered: ReturnType<Checklist['begin']> | undefined;
    let name = '';
    const open = async (): Promise<Asked> => {
      const question = await decisions.openQuestion({ plan });
      name = `plan ${question.planHash.slice(0, 12)}`;
      upsertMemo({ [QUESTION_MEMO]: { ...question, plan } satisfies AskedInMemo });
      answered = this.#checklist.begin('approval', `approval of ${name}`);
      return this.#asked(plan, question);
    };
    try {
      const given = await this.#questions.ask(open, stop);
      const denied = given?.find(({ decision }) => decision === DENY_UPDATE);
      if (denied !== undefined) throw new Denied(denied.person, denied.reason);
      if (stop()) return [];
      if (given === null) throw this.#expired(name);
      answered?.('ok');
      answered = undefined;
      return given.map(({ person, key, execution }) => ({ person, key, execution }));
    } finally {
      answered?.('failed');
    }
  }

  #asked(plan: Plan, question: Question): Asked {
    const { workflowId } = workflowInfo();
    const { trigger, startedBy = null } = this.#context;
    return {
      question,
      by: { [APPROVE_UPDATE]: [APPROVE_UPDATE], [DENY_UPDATE]: [DENY_UPDATE] },
      needs: (decision) => (decision === APPROVE_UPDATE ? question.quorum : 1),
      ...(trigger === null ? { startedBy } : {}),
      stateOf: (decision) => (decision === APPROVE_UPDATE ? 'approved' : 'denied'),
      lineOf,
      text: (given) => questionText({ plan, question, workflowId, approvedBy: given.map(({ person }) => person) }),
      notice: (round) => questionNotice(plan, question, round),
    };
  }

  #expired(name: string): ApplicationFailure {
    this.#checklist.note('nobody answered in time');
    return ApplicationFailure.create({
      type: APPROVAL_EXPIRED,
      message: `nobody approved ${name} in time; nothing further was done`,
      nonRetryable: true,
    });
  }
}

const lineOf = ({ decision, person, reason }: Given): string =>
  `${decision === APPROVE_UPDATE ? 'approved' : 'denied'} by ${person}${reason === '' ? '' : `: ${reason}`}`;
