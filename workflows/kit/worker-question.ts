/**
 * What people say about a step that no worker took: who may act, or that it is given up. The step stays in its queue meanwhile, so that a
 * worker that comes ends the question; the answer counts when the queue gives the step back, which proves that nobody has begun.
 */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Answer, AskOptions } from './ask-human.ts';
import { MAX_CHOICES } from './approval-message.ts';

const WAIT = 'wait on';
const GIVE_UP = 'give up';
const actIn = (region: string): string => `act in ${region}`;

/** Resolves to null when `stop` ended the wait. */
export type AskPeople = (question: string, options: AskOptions<string>, stop: () => boolean) => Promise<Answer | null>;

export interface WorkerAsked {
  readonly title: string;
  /** Whose workers did not take it. */
  readonly here: string;
  /** Regions that may act instead; none once a worker may have been given it. */
  readonly others: readonly string[];
  /** What is left of the step. */
  readonly timeoutMs: number;
}

export type SaidAboutWorker =
  | { readonly choice: 'wait' }
  | { readonly choice: 'act'; readonly region: string }
  | { readonly choice: 'give up'; readonly why: string };

export class WorkerQuestion {
  readonly #asked: WorkerAsked;
  readonly #settled: Promise<void>;
  #over = false;
  #answer: Answer | null = null;

  constructor(asked: WorkerAsked, ask: AskPeople) {
    this.#asked = asked;
    this.#settled = this.#put(ask);
  }

  /** `wait` while nobody has answered, and when nobody can. */
  said(): SaidAboutWorker {
    const { choice, person, reason } = this.#answer ?? { choice: WAIT, person: null, reason: '' };
    if (choice === GIVE_UP) return { choice: 'give up', why: `${person}${reason === '' ? '' : `: ${reason}`}` };
    const region = this.#asked.others.find((each) => choice === actIn(each));
    return region === undefined ? { choice: 'wait' } : { choice: 'act', region };
  }

  /** The question ends, whether it was answered or not. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#settled;
  }

  async #put(ask: AskPeople): Promise<void> {
    const { title, here, others, timeoutMs } = this.#asked;
    const choices = [WAIT, GIVE_UP, ...others.slice(0, MAX_CHOICES - 2).map(actIn)];
    const question = `no worker in ${here} took "${title}". Who may act?`;
    try {
      this.#answer = await ask(question, { choices, timeoutMs, otherwise: WAIT }, () => this.#over);
    } catch (error) {
      // Nobody can be asked, or the run is cancelled; that ends the step itself.
      if (!(error instanceof ActivityFailure) && !isCancellation(error)) throw error;
    }
  }
}
