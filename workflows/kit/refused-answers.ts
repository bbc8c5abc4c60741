/**
 * Tells the worker about answers that were refused, so that it can audit also those that never enter the history. A sink: it costs no
 * history event, is not repeated by replay, and is lost only with its worker.
 */
import { type Sinks, proxySinks } from '@temporalio/workflow';
import type { Refusal } from './approval-message.ts';

export interface RefusedAnswer {
  /** `approve`, `deny` or `answer`. */
  readonly decision: string;
  readonly refusal: Refusal;
  readonly detail: string;
  /** Of the run. */
  readonly region: string;
}

export interface AnswerSinks extends Sinks {
  tocsinAnswers: { refused: (answer: RefusedAnswer) => void };
}

export const { tocsinAnswers: refusedAnswers } = proxySinks<AnswerSinks>();
