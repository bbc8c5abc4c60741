/**
 * Puts a question of a run to people, and waits for the first signed answer. The same key ring, reminders and command line as approvals; an
 * answer here states what somebody knows or decides, so whoever started the run may give it.
 */
import { ApplicationFailure, upsertMemo, workflowInfo } from '@temporalio/workflow';
import {
  ANSWER_UPDATE,
  HUMAN_QUESTION_MEMO,
  type HumanAskedInMemo,
  type HumanQuestion,
  MAX_CHOICES,
  MAX_CHOICE_CHARS,
  type Question,
} from './approval-message.ts';
import { humanQuestionNotice, humanQuestionText } from './approval-text.ts';
import type { Checklist } from './checklist.ts';
import { decisions } from './decisions.ts';
import type { Asked, Given, Questions } from './questions.ts';
import type { RunContext } from './run-context.ts';
import { endsBy } from './run-end.ts';

/** Failure type of a run whose question nobody answered in time. */
export const ANSWER_EXPIRED = 'AnswerExpired';

const MAX_TEXT_CHARS = 1_000;

export interface AskOptions<Choice extends string> {
  /** 1 to 10, of at most 60 characters each. */
  readonly choices: readonly Choice[];
  /** How long the question stands; default `approvals.expiry`. It ends before the run's execution timeout in any case. */
  readonly timeoutMs?: number;
  /** What counts when nobody answered in time. Without it the run fails as `AnswerExpired`. */
  readonly otherwise?: NoInfer<Choice>;
  /** What a plan takes the answer to be. Without it a plan ends at the question. */
  readonly assumed?: NoInfer<Choice>;
}

export class HumanQuestions {
  readonly #context: RunContext;
  readonly #checklist: Checklist;
  readonly #questions: Questions;
  #number = 0;

  constructor(context: RunContext, checklist: Checklist, questions: Questions) {
    this.#context = context;
    this.#checklist = checklist;
    this.#questions = questions;
  }

  /** Resolves to who answered what; to null when `stop` ended the wait. Rejects as failure AnswerExpired at the question's end. */
  async ask(text: string, options: AskOptions<string>, stop: () => boolean): Promise<Answer | null> {
    const choices = checked(text, options);
    this.#questions.listen(ANSWER_UPDATE);
    const before = this.#checklist.phase();
    let close: ReturnType<Checklist['begin']> | undefined;
    let mark: 'ok' | 'failed' = 'failed';
    try {
      const open = async (): Promise<Asked> => {
        const human = this.#next(text, choices);
        const question = await decisions.openQuestion({ human, endsBy: endsBy(), ...timeoutOf(options) });
        upsertMemo({ [HUMAN_QUESTION_MEMO]: { ...question, human } satisfies HumanAskedInMemo });
        close = this.#checklist.begin('asking', text);
        return asked(human, question);
      };
      const [given] = (await this.#questions.ask(open, stop)) ?? [];
      if (given !== undefined) {
        mark = 'ok';
        return { choice: given.decision, person: given.person, reason: given.reason };
      }
      if (stop()) return null;
      return this.#unanswered(text, options);
    } finally {
      if (close !== undefined) {
        close(mark);
        upsertMemo({ [HUMAN_QUESTION_MEMO]: null });
        if (before !== null) this.#checklist.enter(before);
      }
    }
  }

  #next(text: string, choices: readonly string[]): HumanQuestion {
    const { service, alertKey, region } = this.#context;
    this.#number += 1;
    const about = service ?? alertKey ?? region;
    return { runbook: workflowInfo().workflowType, about, number: this.#number, text, choices };
  }

  #unanswered(text: string, { otherwise }: AskOptions<string>): Answer {
    if (otherwise === undefined)
      throw fail(ANSWER_EXPIRED, `nobody answered in time: ${text}; a human has to look, and to take over`);
    this.#checklist.note(`nobody answered in time, so: ${otherwise}`);
    return { choice: otherwise, person: null, reason: 'nobody answered in time' };
  }
}

export interface Answer {
  readonly choice: string;
  /** Null: nobody, in time. */
  readonly person: string | null;
  readonly reason: string;
}

const timeoutOf = ({ timeoutMs }: AskOptions<string>) => (timeoutMs === undefined ? {} : { timeoutMs });

function checked(text: string, { choices, otherwise, timeoutMs }: AskOptions<string>): readonly string[] {
  const fits = (choice: string): boolean => /^[^\s-].*$/u.test(choice) && choice.length <= MAX_CHOICE_CHARS;
  if (text === '' || text.length > MAX_TEXT_CHARS)
    throw fail('BadQuestion', `a question of ${text.length} characters, expected 1 to ${MAX_TEXT_CHARS}`);
  if (choices.length === 0 || choices.length > MAX_CHOICES || !choices.every(fits))
    throw fail(
      'BadQuestion',
      `choices ${JSON.stringify(choices)} of "${text}": expected 1 to ${MAX_CHOICES}, each of 1 to ${MAX_CHOICE_CHARS} characters and not with - in front`,
    );
  if (otherwise !== undefined && !choices.includes(otherwise))
    throw fail('BadQuestion', `otherwise "${otherwise}" of "${text}": expected one of ${choices.join(', ')}`);
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    throw fail('BadQuestion', `timeoutMs ${timeoutMs} of "${text}": expected more than 0`);
  return choices;
}

function asked(human: HumanQuestion, question: Question): Asked {
  const { workflowId } = workflowInfo();
  return {
    question,
    by: { [ANSWER_UPDATE]: human.choices },
    needs: () => 1,
    stateOf: () => 'answered',
    lineOf,
    text: () => humanQuestionText(human, question, workflowId),
    notice: (round) => humanQuestionNotice(human, question, round, workflowId),
  };
}

const lineOf = ({ decision, person, reason }: Given): string =>
  `${person} answered "${decision}"${reason === '' ? '' : `: ${reason}`}`;

const fail = (type: string, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: true });
