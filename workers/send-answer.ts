/** Sends a signed answer to its run, and says what came of it. */
import { createInterface } from 'node:readline/promises';
import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { AnswerResult, SignedAnswer } from '../workflows/kit/approval-message.ts';
import { CommandError, EXIT } from './exit-code.ts';

export interface AnswerToSend {
  readonly workflowId: string;
  /** Run id now: a reset in between is not answered. */
  readonly execution: string;
  /** Name of the update. */
  readonly update: string;
  readonly signed: SignedAnswer;
}

/** A worker that is up judges an answer within moments. */
const CALL_TIMEOUT_MS = 15_000;

/** Rejects with exit code 1 when the run has closed or took it for no answer, 3 when nobody answered. */
export async function sendAnswer(client: Client, answer: AnswerToSend): Promise<AnswerResult> {
  const { workflowId, execution, update, signed } = answer;
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflow
        .getHandle(workflowId, execution)
        .executeUpdate<AnswerResult, [SignedAnswer]>(update, { args: [signed] }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new CommandError(EXIT.failed, `run ${workflowId} has closed meanwhile: the answer did not count`, error);
    if (error instanceof WorkflowUpdateFailedError)
      throw new CommandError(
        EXIT.failed,
        `run ${workflowId} refused the answer: ${error.cause?.message ?? error.message}`,
        error,
      );
    throw new CommandError(
      EXIT.unavailable,
      `run ${workflowId} did not answer within ${CALL_TIMEOUT_MS / 1_000} s; is a runbook worker up? Look before you try again.`,
      error,
    );
  }
}

export function sentenceOf(result: AnswerResult): string {
  if (!result.accepted) return `refused (${result.refusal}): ${result.detail}`;
  if (result.state === 'waiting')
    return `counted; ${result.missing} more ${result.missing === 1 ? 'person has' : 'people have'} to approve`;
  return result.state;
}

/** Without a terminal whoever typed the command has decided. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
