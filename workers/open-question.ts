/** What a run asks at this moment, read from Temporal without a worker, with what an answer to it has to name. */
import { createHash } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import {
  type AskedInMemo,
  HUMAN_QUESTION_MEMO,
  type HumanAskedInMemo,
  QUESTION_MEMO,
  type Question,
} from '../workflows/kit/approval-message.ts';
import { canonical } from '../workflows/kit/canonical.ts';
import { CommandError, EXIT } from './exit-code.ts';

interface Open<Asked extends Question> {
  readonly workflowId: string;
  /** First run id of the execution. */
  readonly runId: string;
  /** Run id now. */
  readonly execution: string;
  readonly asked: Asked;
}

export type OpenQuestion = Open<AskedInMemo>;
export type OpenHumanQuestion = Open<HumanAskedInMemo>;

const CALL_TIMEOUT_MS = 10_000;

/** The plan it wants approved. Rejects with exit code 2 for a run that is unknown, 1 for one that is closed or asks for no approval. */
export const openQuestion = (client: Client, workflowId: string): Promise<OpenQuestion> =>
  read<AskedInMemo>(client, workflowId, {
    phase: 'approval',
    memo: QUESTION_MEMO,
    subject: ({ plan }) => plan,
    what: 'plan',
    other: 'a question, which `tocsin answer` answers',
  });

/** What it asks that is no plan. Rejects likewise. */
export const openHumanQuestion = (client: Client, workflowId: string): Promise<OpenHumanQuestion> =>
  read<HumanAskedInMemo>(client, workflowId, {
    phase: 'asking',
    memo: HUMAN_QUESTION_MEMO,
    subject: ({ human }) => human,
    what: 'question',
    other: 'for approval of a plan, which `tocsin approve` gives',
  });

interface Kind<Asked> {
  readonly phase: 'approval' | 'asking';
  readonly memo: string;
  readonly subject: (asked: Asked) => unknown;
  readonly what: string;
  /** What a run in the other phase asks. */
  readonly other: string;
}

async function read<Asked extends Question>(
  client: Client,
  workflowId: string,
  kind: Kind<Asked>,
): Promise<Open<Asked>> {
  const description = await client
    .withDeadline(Date.now() + CALL_TIMEOUT_MS, () => client.workflow.getHandle(workflowId).describe())
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError)
        throw new CommandError(EXIT.refused, `run ${JSON.stringify(workflowId)} is unknown`, error);
      throw error;
    });
  const { status, runId, memo, raw, typedSearchAttributes } = description;
  if (status.name !== 'RUNNING')
    throw new CommandError(
      EXIT.failed,
      `run ${workflowId} is closed (${status.name.toLowerCase()}): nothing to answer`,
    );
  const phase = typedSearchAttributes.getAll().find(({ key }) => key.name === 'TocsinPhase')?.value;
  const asked = memo?.[kind.memo] as Asked | null | undefined;
  if (phase !== kind.phase || asked === undefined || asked === null) {
    const asks = phase === 'approval' || phase === 'asking' ? kind.other : 'nothing at this moment';
    throw new CommandError(EXIT.failed, `run ${workflowId} asks ${asks} (phase ${String(phase ?? 'none')})`);
  }
  // What is signed is a hash; it has to be the hash of what is shown.
  const hash = createHash('sha256')
    .update(canonical(kind.subject(asked)))
    .digest('hex');
  if (hash !== asked.planHash)
    throw new CommandError(
      EXIT.refused,
      `the ${kind.what} of run ${workflowId} has hash ${hash}, and it asks about ${asked.planHash}`,
    );
  return { workflowId, runId: raw.workflowExecutionInfo?.firstRunId ?? '', execution: runId, asked };
}
