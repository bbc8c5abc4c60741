/** `tocsin approve | deny RUN`: shows the plan a run asks about, signs the answer with the operator's key and sends it. */
import { createInterface } from 'node:readline/promises';
import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import {
  APPROVE_UPDATE,
  type AnswerResult,
  DENY_UPDATE,
  type Decision,
  type SignedAnswer,
} from '../../workflows/kit/approval-message.ts';
import { planLines } from '../../workflows/kit/approval-text.ts';
import { defaultKeyFile, loadKey } from '../approval-key.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type OpenQuestion, openQuestion } from '../open-question.ts';
import { recordAct, recordBrake, regionOfAct } from '../record-act.ts';
import { signAnswer } from '../sign-answer.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface AnswerCommand extends CommonOptions {
  readonly run: string;
  /** File, or `env:NAME`. */
  readonly key?: string;
  readonly why: string;
  /** First digits of the hash of the plan that was read before; another plan is refused. */
  readonly plan?: string;
  /** Do not ask the terminal. */
  readonly yes: boolean;
}

/** A worker that is up judges an answer within moments. */
const CALL_TIMEOUT_MS = 15_000;

export const answer = (options: AnswerCommand, decision: Decision): Promise<number> =>
  withSession(options, async (session) => {
    if (decision === 'deny' && options.why === '')
      throw new CommandError(EXIT.refused, 'to deny needs a reason: --why');
    const key = loadKey(options.key ?? defaultKeyFile(), session.config.approvals.keys);
    const { client } = await session.temporal();
    const question = await openQuestion(client, options.run);
    const { workflowId, runId, execution, asked } = question;
    if (options.plan !== undefined && (options.plan === '' || !asked.planHash.startsWith(options.plan)))
      throw new CommandError(EXIT.failed, `run ${workflowId} asks about plan ${asked.planHash}, not ${options.plan}`);
    const text = questionLines(question).join('\n');
    if (!options.json) process.stdout.write(`${text}\n`);
    if (!options.yes && !options.json && !(await confirmed(decision))) return EXIT.failed;
    const { planHash, expiresAt } = asked;
    const signed = signAnswer(key, {
      decision,
      workflowId,
      runId,
      execution,
      planHash,
      expiresAt,
      reason: options.why,
    });
    const act = { what: decision, where: `run ${workflowId}, plan ${planHash}`, why: options.why };
    const regions = regionOfAct(session.config, question.region);
    // What ends a run is not held up by a log that is away; what lets it act is.
    if (decision === 'deny') await recordBrake(session.log, regions, act);
    else await recordAct(await session.log(), regions, act);
    const result = await send(client, question, decision, signed);
    output(options, { workflowId, planHash, plan: asked.plan, ...result }, sentence(result));
    return result.accepted ? EXIT.ok : EXIT.failed;
  });

const questionLines = ({ workflowId, asked }: OpenQuestion): string[] => [
  `${workflowId} asks until ${asked.until}, plan ${asked.planHash}`,
  ...planLines(asked.plan).map((line) => `  ${line}`),
];

/** Without a terminal whoever typed the command has decided. */
async function confirmed(decision: Decision): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${decision} this plan? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

async function send(
  client: Client,
  question: OpenQuestion,
  decision: Decision,
  signed: SignedAnswer,
): Promise<AnswerResult> {
  const { workflowId, execution } = question;
  const name = decision === 'approve' ? APPROVE_UPDATE : DENY_UPDATE;
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflow
        .getHandle(workflowId, execution)
        .executeUpdate<AnswerResult, [SignedAnswer]>(name, { args: [signed] }),
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

function sentence(result: AnswerResult): string {
  if (!result.accepted) return `refused (${result.refusal}): ${result.detail}`;
  if (result.state === 'waiting')
    return `counted; ${result.missing} more ${result.missing === 1 ? 'person has' : 'people have'} to approve`;
  return result.state;
}
