/**
 * Rollouts under approval, in virtual time: a fleet of one service on the time-skipping server, and somebody to ask. Time stands still while a question
 * is answered, and is skipped when `end` waits for what comes.
 */
import assert from 'node:assert/strict';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { createDecisions } from '../../activities/decisions.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { openQuestion } from '../../workers/open-question.ts';
import { addSearchAttributes } from '../../workers/provision.ts';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { TestRun } from '../../workers/testing/index.ts';
import { placesOf } from '../../workers/testing/test-places.ts';
import { createWorker } from '../../workers/worker.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from './approvals.ts';
import { bundlesFolder } from './bundles-folder.ts';
import { world } from './fleet.ts';
import { labContext } from './lab-context.ts';
import { testConnection } from '../../workers/testing/test-connection.ts';
import { until } from './until.ts';

export interface ApprovedFleet {
  /** Starts it in mode `approve`; resolves to its workflow id. */
  begin(runbook: 'patchFleet' | 'patchWave', input: object): Promise<string>;
  /** Answers what it asks, once it does. */
  answer(workflowId: string, decision: Decision): Promise<void>;
  end(workflowId: string): Promise<TestRun<unknown>>;
  close(): Promise<void>;
}

export const ONLY = { name: 'berlin-a', region: 'berlin' };
const PLACES = {
  windows: { 'night-patch': { times: ['00:00-24:00'] } },
  zones: { [ONLY.region]: 'Europe/Berlin' },
  targets: [{ id: ONLY.name, kind: 'service', service: ONLY.name, region: ONLY.region, labels: { patch: 'night' } }],
};
const LIMITS = { maxCachedWorkflows: 50, maxActivities: 10, shutdownGraceMs: 1_000 };
const TWO_DAYS_MS = 172_800_000;

export async function startApprovedFleet(): Promise<ApprovedFleet> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const path = await provideBinary('temporal-test-server');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const temporal = testConnection(environment);
  await addSearchAttributes(temporal, SEARCH_ATTRIBUTES);
  const { ann } = makeKeys();
  if (ann === undefined) throw new Error('there is no key of ann');
  const { codePath } = await workflowBundle(bundlesFolder(), pino({ level: 'silent' }));
  const approvals = {
    keys: [ann.entry],
    quorum: 1,
    quorums: {},
    expiryMs: 14_400_000,
    remindersMs: [],
    escalation: [],
  };
  const decisions = createDecisions({ approvals: () => approvals, ...placesOf(PLACES), tell: () => undefined });
  const { activities } = world();
  const workers = await Promise.all([
    createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS),
    createWorker(temporal, { kind: 'activities', region: ONLY.region, activities }, LIMITS),
  ]);
  const { client } = environment;
  let started = 0;
  return {
    begin: async (workflowType, input) => {
      const workflowId = `patch-fleet/${workflowType}/${(started += 1)}`;
      const context = labContext({
        trigger: 'patch-fleet',
        region: ONLY.region,
        onResolved: 'cancel',
        mode: 'approve',
      });
      const bounds = { executionTimeoutMs: TWO_DAYS_MS, summary: workflowType };
      await createEngine(temporal).start({ workflowId, workflowType, input, context, ...bounds });
      return workflowId;
    },
    answer: async (workflowId, decision) => {
      const question = await until(`${workflowId} asks`, () => openQuestion(client, workflowId));
      const state = decision === 'approve' ? 'approved' : 'denied';
      assert.deepEqual(await send(client, workflowId, decision, [answerTo(question, ann, decision)]), {
        accepted: true,
        state,
        missing: 0,
      });
    },
    end: async (workflowId) => {
      const handle = client.workflow.getHandle(workflowId);
      const end = await handle.result().then(
        (report: unknown) => ({ report, failure: null }),
        (error: unknown) => ({ report: null, failure: String(error) }),
      );
      return new TestRun(await handle.fetchHistory(), { ...end, workflowId });
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.shutdown()));
      await environment.teardown();
    },
  };
}
