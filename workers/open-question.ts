/** The question a run asks at this moment, read from Temporal without a worker, with what an answer to it has to name. */
import { createHash } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type AskedInMemo, QUESTION_MEMO } from '../workflows/kit/approval-message.ts';
import { canonical } from '../workflows/kit/canonical.ts';
import { CommandError, EXIT } from './exit-code.ts';

export interface OpenQuestion {
  readonly workflowId: string;
  /** First run id of the execution. */
  readonly runId: string;
  /** Run id now. */
  readonly execution: string;
  readonly region: string | null;
  readonly asked: AskedInMemo;
}

const CALL_TIMEOUT_MS = 10_000;

/** Rejects with exit code 2 for a run that is unknown, 1 for one that is closed or asks nothing. */
export async function openQuestion(client: Client, workflowId: string): Promise<OpenQuestion> {
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
  const attribute = (name: string): unknown =>
    typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value;
  const [phase, region] = [attribute('TocsinPhase'), attribute('TocsinRegion')];
  const asked = memo?.[QUESTION_MEMO] as AskedInMemo | undefined;
  if (phase !== 'approval' || asked === undefined)
    throw new CommandError(
      EXIT.failed,
      `run ${workflowId} asks nothing at this moment (phase ${typeof phase === 'string' ? phase : 'none'})`,
    );
  // What is signed is a hash; it has to be the hash of what is shown.
  const hash = createHash('sha256').update(canonical(asked.plan)).digest('hex');
  if (hash !== asked.planHash)
    throw new CommandError(
      EXIT.refused,
      `the plan of run ${workflowId} has hash ${hash}, and it asks about ${asked.planHash}`,
    );
  return {
    workflowId,
    runId: raw.workflowExecutionInfo?.firstRunId ?? '',
    execution: runId,
    region: typeof region === 'string' ? region : null,
    asked,
  };
}
