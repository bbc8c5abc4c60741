/** A whole installation with a real database `shop` whose sessions can be made to block each other, and runs of killBlockers on it. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { createEngine } from '../../triggers/path/engine.ts';
import type { SigningKey } from '../../workers/approval-key.ts';
import { type OpenHumanQuestion, openHumanQuestion } from '../../workers/open-question.ts';
import { signAnswer } from '../../workers/sign-answer.ts';
import type { KillBlockersInput } from '../../workflows/kill-blockers.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from './approvals.ts';
import { startHoldingProxy } from './holding-proxy.ts';
import { type Installation, startInstallation } from './installation.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { until } from './until.ts';
import { openQuestion } from '../../workers/open-question.ts';
import { labContext } from './lab-context.ts';

export interface DatabaseLab {
  readonly postgres: Postgres;
  readonly tocsin: Installation;
  /** Who may approve and answer. */
  readonly approver: SigningKey;
  /** Starts a run as the dispatcher does. */
  begin(input: KillBlockersInput, context?: Partial<RunContext>, id?: string): Promise<WorkflowHandle>;
  /** What the run asks a human, once it does. */
  question(workflowId: string): Promise<OpenHumanQuestion>;
  answer(question: OpenHumanQuestion, choice: string): Promise<void>;
  /** Approves or denies what the run plans, once it asks. */
  approve(workflowId: string, decision?: Decision): Promise<void>;
  stop(): Promise<void>;
}

export interface DatabaseLabOptions {
  /** How long a question stands. */
  readonly expiry?: string;
  /** While this file is there, a session of `shop` is ended as Tocsin asks, and Tocsin does not hear of it; of `direct`, the same database, it does. */
  readonly hold?: string;
}

export async function startDatabaseLab({ expiry = '30 m', hold }: DatabaseLabOptions = {}): Promise<DatabaseLab> {
  const postgres = await startPostgres();
  const proxy = await startHoldingProxy(
    postgres.port,
    (request) => hold !== undefined && /pg_(cancel|terminate)_backend\(/.test(request.toString()) && existsSync(hold),
  );
  const close = async (): Promise<void> => {
    await proxy.close();
    await postgres.stop();
  };
  const address = new URL(postgres.url('watcher'));
  address.port = String(proxy.port);
  const { ann } = makeKeys();
  if (ann === undefined) throw new Error('there is no key of ann');
  const tocsin = await startInstallation({
    env: { SHOP_URL: address.href, DIRECT_URL: postgres.url('watcher') },
    config: () => ({
      postgres: [
        { name: 'shop', region: 'eu', url: 'env:SHOP_URL', tls: 'off' },
        ...(hold === undefined ? [] : [{ name: 'direct', region: 'eu', url: 'env:DIRECT_URL', tls: 'off' }]),
      ],
      approvals: { keys: [ann.entry], expiry },
    }),
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const { client, servers } = tocsin;
  return {
    postgres,
    tocsin,
    approver: ann,
    begin: async (input, context = {}, id = randomBytes(4).toString('hex')) => {
      const full = { ...CONTEXT, ...context };
      const workflowId = `${full.mode === 'plan' ? 'plan/' : ''}kill-blockers/${id}`;
      await createEngine({ client, namespace: servers.namespace }).start({
        workflowId,
        workflowType: 'killBlockers',
        input,
        context: full,
        executionTimeoutMs: 600_000,
        summary: 'killBlockers for shop',
      });
      return client.workflow.getHandle(workflowId);
    },
    question: (workflowId) => until(`${workflowId} asks`, () => openHumanQuestion(client, workflowId)),
    answer: async ({ workflowId, runId, execution, asked: { planHash, expiresAt } }, choice) => {
      const unsigned = { decision: choice, workflowId, runId, execution, planHash, expiresAt, reason: 'test' };
      await send(client, workflowId, 'answer', [signAnswer(ann, unsigned)]);
    },
    approve: async (workflowId, decision = 'approve') => {
      const question = await until(`${workflowId} asks for approval`, () => openQuestion(client, workflowId));
      await send(client, workflowId, decision, [answerTo(question, ann, decision)]);
    },
    stop: async () => {
      await tocsin.stop();
      await close();
    },
  };
}

const CONTEXT = labContext({
  trigger: 'kill-blockers',
  alertKey: 'am:PostgresBlocked:1',
  title: 'sessions of shop wait',
  service: 'shop',
  onResolved: 'cancel',
  mode: 'auto',
});
