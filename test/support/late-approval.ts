/** Somebody approves what a run plans when its question has expired. */
import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import type { SigningKey } from '../../workers/approval-key.ts';
import { openQuestion } from '../../workers/open-question.ts';
import { answerTo, send } from './approvals.ts';
import { until } from './until.ts';

/** Resolves when the run has ended without it, and the answer was refused. */
export async function approveTooLate(client: Client, workflowId: string, key: SigningKey): Promise<void> {
  const question = await until('it asks', () => openQuestion(client, workflowId));
  await until(
    'nobody approves in time',
    async () => (await client.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING',
  );
  const late = await send(client, workflowId, 'approve', [answerTo(question, key, 'approve')]);
  assert.match(JSON.stringify(late), /^"refused by the server: /);
}
