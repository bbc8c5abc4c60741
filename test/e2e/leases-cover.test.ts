/** An effect begins only while all its leases last long enough, also when one of them had to be waited for. Virtual time; the limits are played here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { createDecisions } from '../../activities/decisions.ts';
import type { AskRequest, Asked } from '../../activities/limits/limit-decisions.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { addSearchAttributes } from '../../workers/provision.ts';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { testConnection } from '../../workers/testing/test-connection.ts';
import { type RunningWorker, createWorker } from '../../workers/worker.ts';
import { ANSWER_SIGNAL, type LimitAnswer } from '../../workflows/engine/limit-protocol.ts';
import { limit } from '../../workflows/kit/index.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/kit/run-context.ts';
import { quietRuntime } from '../support/approvals.ts';
import { runbooksBundle } from '../support/bundles.ts';
import { labContext } from '../support/lab-context.ts';
import { BOUNDS } from '../support/two-calls.ts';

const ID = 'two-calls/1';
const LIMITS = { maxCachedWorkflows: 10, maxActivities: 10, shutdownGraceMs: 1_000 };
/** Asked so often, the second limit grants for the second call; the first one has been silent since it was asked for it once. */
const LATE = 5;

const NO_APPROVALS = () => ({ keys: [], quorum: 1, quorums: {}, expiryMs: 1, remindersMs: [], escalation: [] });

let environment: TestWorkflowEnvironment;
let workers: readonly RunningWorker[] = [];
before(async () => {
  quietRuntime([]);
  const path = await provideBinary('temporal-test-server');
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
});
after(async () => {
  await Promise.all(workers.map((worker) => worker.shutdown()));
  await environment?.teardown();
});

it('a lease that has become too short while another was waited for is waited for again', async () => {
  const temporal = testConnection(environment);
  await addSearchAttributes(temporal, SEARCH_ATTRIBUTES);
  const asked = [0, 0];
  const until = [0, 0];
  const silent = (index: number, times: number): boolean =>
    index === 0 ? times > 2 && (asked[1] ?? 0) < LATE : times > 1 && times < LATE;
  const askForSlot = async ({ index, leaseMs }: AskRequest): Promise<Asked> => {
    const times = (asked[index] ?? 0) + 1;
    asked[index] = times;
    const id = `slot-${index}`;
    if (!silent(index, times)) {
      const { runId = '' } = Context.current().info.workflowExecution ?? {};
      until[index] = (await environment.currentTimeMs()) + leaseMs;
      const answer: LimitAnswer = { kind: 'granted', id, runId, fence: 1, until: until[index] ?? 0 };
      await environment.client.workflow.getHandle(ID).signal(ANSWER_SIGNAL, answer);
    }
    return { id, limit: `limit-${index}`, scope: 'service', workflowId: 'limit', waitMs: 600_000, last: index === 1 };
  };
  const left: number[][] = [];
  const call = async ({ number }: { readonly number: number }): Promise<void> => {
    const now = await environment.currentTimeMs();
    left.push(until.map((end) => end - now));
    // So long that neither lease is long enough for another call.
    if (number === 1) await environment.sleep(30_000);
  };
  const decisions = {
    ...createDecisions({ approvals: NO_APPROVALS, tell: () => undefined }),
    askForSlot,
    giveSlotBack: async () => undefined,
  };
  const bundle = await runbooksBundle(join(import.meta.dirname, '../support/two-calls.ts'), [
    join(import.meta.dirname, '../../workflows/kit/fence-header.ts'),
  ]);
  workers = await Promise.all([
    createWorker(temporal, { kind: 'runbooks', codePath: bundle.codePath, decisions }, LIMITS),
    createWorker(temporal, { kind: 'activities', region: 'eu', activities: { call } }, LIMITS),
  ]);
  await createEngine(temporal).start({
    workflowId: ID,
    workflowType: 'twoCalls',
    input: { limits: [limit('one', 'a'), limit('two', 'b')] },
    context: labContext({ mode: 'auto' }),
    executionTimeoutMs: 3_600_000,
    summary: 'two calls',
  });
  await environment.client.workflow.getHandle(ID).result();
  const [first, second] = left;
  assert.ok(asked[1] !== undefined && asked[1] >= LATE);
  for (const each of [...(first ?? []), ...(second ?? [])])
    assert.ok(
      each >= BOUNDS.totalMs + BOUNDS.attemptMs,
      `leases lasted ${JSON.stringify(left)} ms when its calls began`,
    );
  assert.equal(left.length, 2);
});
