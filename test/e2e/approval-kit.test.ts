import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { join } from 'node:path';
import { createDecisions } from '../../activities/decisions.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import type { RunNotice } from '../../activities/tell.ts';
import type { ApprovalSettings } from '../../activities/approvals.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { type OpenQuestion, openQuestion } from '../../workers/open-question.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import type { Plan, PlannedReport } from '../../workflows/kit/plan.ts';
import { ALLOWED_SIGNAL, EFFECTS_STOPPED, type RunContext } from '../../workflows/kit/run-context.ts';
import { createApprovalActs } from '../support/approval-acts.ts';
import { answerTo, makeKeys, quietRuntime, send } from '../support/approvals.ts';
import { runbooksBundle } from '../support/bundles.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { labContext } from '../support/lab-context.ts';

const keys = makeKeys();
const called: string[] = [];
const told: RunNotice[] = [];
const settings: { -readonly [K in keyof ApprovalSettings]: ApprovalSettings[K] } = {
  keys: Object.values(keys).map(({ entry }) => entry),
  quorum: 1,
  quorums: { hopeless: 2 },
  expiryMs: 600_000,
  remindersMs: [],
  escalation: [],
};
let gate = Promise.resolve();
let servers: TestServers;
let temporal: TemporalConnection;
let bundle: Awaited<ReturnType<typeof runbooksBundle>>;
const closing: (() => Promise<void>)[] = [];

before(async () => {
  quietRuntime([]);
  servers = await startTestServers({ temporal: true });
  const { namespace, temporalAddress: address } = servers;
  temporal = await connectTemporal({ connection: { address }, namespace, external: true });
  bundle = await runbooksBundle(join(import.meta.dirname, '../support/approval-runbooks.ts'));
  const decisions = createDecisions({ approvals: () => settings, tell: (notice) => void told.push(notice) });
  const acts = refusePlans(createApprovalActs(called, () => gate));
  for (const options of [
    { taskQueue: 'runbooks', workflowBundle: bundle, activities: decisions },
    { taskQueue: 'activities-eu', activities: acts },
  ]) {
    const worker = await Worker.create({ connection: temporal.connection, namespace, ...options });
    const running = worker.run();
    closing.push(async () => {
      worker.shutdown();
      await running;
    });
  }
});
after(async () => {
  await Promise.all(closing.map((close) => close()));
  await temporal?.close();
  await servers?.stopAll();
});

const handle = (id: string) => temporal.client.workflow.getHandle(id);
const result = (id: string): Promise<unknown> => handle(id).result();
const question = (id: string): Promise<OpenQuestion> => until(`${id} asks`, () => openQuestion(temporal.client, id));
/** The question after this one. */
const next = (id: string, { asked }: OpenQuestion): Promise<OpenQuestion> =>
  until(`${id} asks again`, async () => {
    const now = await openQuestion(temporal.client, id);
    return now.asked.expiresAt === asked.expiresAt ? null : now;
  });
const answer = (asked: OpenQuestion, by: string, decision: Decision = 'approve') =>
  send(temporal.client, asked.workflowId, decision, [answerTo(asked, keys[by] ?? assert.fail(by), decision)]);

async function begin(workflowType: string, more: Partial<RunContext> = {}, prefix = ''): Promise<string> {
  const workflowId = `${prefix}${workflowType}/${randomBytes(4).toString('hex')}`;
  called.length = 0;
  await createEngine(temporal).start({
    workflowId,
    workflowType,
    input: { name: 'db' },
    context: { ...CONTEXT, ...more },
    executionTimeoutMs: 600_000,
    summary: workflowType,
  });
  return workflowId;
}

const CONTEXT = labContext({
  event: null,
  service: 'db',
  severity: null,
  onResolved: 'cancel',
  mode: 'approve',
});

async function planOf(workflowType: string): Promise<Plan> {
  const report = (await result(await begin(workflowType, { mode: 'plan' }, 'plan/'))) as PlannedReport;
  assert.equal(report.outcome, 'planned');
  assert.deepEqual(called, []);
  return report.plan;
}

async function failureOf(id: string): Promise<{ type: unknown; message: string }> {
  const error = await result(id).then(
    () => assert.fail('it completed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  let last: Error = error;
  while (last.cause instanceof Error) last = last.cause;
  return { type: 'type' in last ? last.type : undefined, message: last.message };
}

describe('plans', () => {
  it('a plan ends, in words, where it depends on what an effect returns', async () => {
    const { actions, partial } = await planOf('dependent');
    assert.deepEqual(
      actions.map(({ title, calls, undo }) => ({ title, calls, undo })),
      [
        {
          title: 'make a snapshot',
          calls: [{ activity: 'snapshot', input: { name: 'db' } }],
          undo: [{ activity: 'drop', input: { name: 'db' } }],
        },
      ],
    );
    assert.match(partial ?? '', /depends on what "make a snapshot" returns/);
  });

  it('a procedure that catches everything ends its plan all the same, or has it whole', async () => {
    const { actions, partial } = await planOf('stubborn');
    assert.deepEqual([actions.length, partial], [3, null]);
  });

  it('a plan says that the procedure gives up', async () => {
    assert.match((await planOf('hopeless')).partial ?? '', /gives up: beyond me/);
  });

  it('a plan without effects is whole', async () => {
    const { actions, observed, partial } = await planOf('idle');
    assert.deepEqual([actions, observed.length, partial], [[], 1, null]);
  });

  it('workers refuse effects to whatever is called a plan, even when its code acts', async () => {
    const id = await begin('parallel', { mode: 'auto' }, 'plan/');
    const { type, message } = await failureOf(id);
    assert.equal(type, 'PlanCannotAct');
    assert.match(message, /only plans; restore is an effect/);
    assert.deepEqual(called, []);
  });
});

describe('approvals of awkward runbooks', () => {
  it('what the plan could not know is asked when it is known, and what was done is not done again', async () => {
    const id = await begin('dependent');
    const first = await question(id);
    await answer(first, 'ann');
    const second = await next(id, first);
    assert.deepEqual(called, ['snapshot db']);
    assert.deepEqual(second.asked.plan.done, ['make a snapshot']);
    assert.deepEqual(
      second.asked.plan.actions.map(({ title, calls }) => [title, calls]),
      [['restore it', [{ activity: 'restore', input: { id: 'snap-db' } }]]],
    );
    await answer(second, 'bob');
    assert.equal(await result(id), 'done');
    assert.deepEqual(called, ['snapshot db', 'restore snap-db']);
  });

  it('who denies in the middle has decided: nothing more is done, nothing undone, and the report says what stays', async () => {
    const id = await begin('dependent');
    const first = await question(id);
    await answer(first, 'ann');
    await answer(await next(id, first), 'bob', 'deny');
    assert.deepEqual(await result(id), { outcome: 'denied', by: 'Bob', reason: 'test', left: ['make a snapshot'] });
    assert.deepEqual(called, ['snapshot db']);
  });

  it('an alert that is resolved in the middle undoes what was approved', async () => {
    const id = await begin('dependent');
    const first = await question(id);
    await answer(first, 'ann');
    await next(id, first);
    await handle(id).signal('alertResolved', {});
    assert.deepEqual(await result(id), { outcome: 'resolved-meanwhile', undone: ['make a snapshot'] });
    assert.deepEqual(called, ['snapshot db', 'drop db']);
  });

  it('a later question that nobody answers undoes what was approved before', async () => {
    const id = await begin('dependent');
    const first = await question(id);
    settings.expiryMs = 1_000;
    try {
      await answer(first, 'ann');
      assert.equal((await failureOf(id)).type, 'ApprovalExpired');
      assert.deepEqual(called, ['snapshot db', 'drop db']);
    } finally {
      settings.expiryMs = 600_000;
    }
  });

  it('a run that was sent a hundred wrong answers judges no more', async () => {
    const id = await begin('stubborn');
    const asked = await question(id);
    for (let batch = 0; batch < 20; batch += 1)
      await Promise.all([1, 2, 3, 4, 5].map(() => answer({ ...asked, runId: 'another' }, 'ann')));
    assert.match(JSON.stringify(await answer(asked, 'ann')), /100 answers have been refused already/);
    assert.deepEqual(called, []);
    await handle(id).terminate('the test is over');
  });

  it('a runbook that acts otherwise than it says is stopped before it does', async () => {
    const id = await begin('dishonest');
    await answer(await question(id), 'ann');
    assert.equal((await failureOf(id)).type, 'NotApproved');
    assert.deepEqual(called, []);
  });

  it('a state that never holds still is left to a human after five questions', async () => {
    const id = await begin('restless');
    let asked = await question(id);
    for (let round = 1; round < 5; round += 1) {
      await answer(asked, 'ann');
      asked = await next(id, asked);
    }
    await answer(asked, 'ann');
    assert.equal((await failureOf(id)).type, 'ApprovalUnsettled');
    assert.deepEqual(called, []);
  });

  it('effects side by side are approved in one order, and undone as approved when a later one fails', async () => {
    const id = await begin('parallel');
    await answer(await question(id), 'ann');
    assert.equal((await failureOf(id)).type, 'Broken');
    assert.deepEqual(called, [
      'restore db-a',
      'restore db-b',
      'restore db-c',
      'fail db',
      'drop db-c',
      'drop db-b',
      'drop db-a',
    ]);
  });

  it('what is seen after an effect does not void the approval by itself', async () => {
    const id = await begin('afterwards');
    await answer(await question(id), 'ann');
    assert.equal(await result(id), 'done');
    assert.deepEqual(called, ['restore db', 'drop db']);
  });

  it('a procedure that swallows the end of its approval cannot act on', async () => {
    const id = await begin('stubborn');
    await answer(await question(id), 'ann');
    assert.equal(await result(id), 'done');
    assert.deepEqual(called, ['restore db', 'restore db', 'restore db']);
  });

  it('who has nothing to do asks nobody', async () => {
    const id = await begin('idle');
    assert.equal(await result(id), 'nothing to do');
  });

  it('two people, where the runbook needs two', async () => {
    const id = await begin('hopeless');
    const asked = await question(id);
    assert.equal(asked.asked.quorum, 2);
    assert.deepEqual(await answer(asked, 'ann'), { accepted: true, state: 'waiting', missing: 1 });
    assert.deepEqual(called, []);
    assert.deepEqual(await answer(asked, 'bob'), { accepted: true, state: 'approved', missing: 0 });
    assert.equal((await failureOf(id)).type, 'Escalated');
    assert.deepEqual(called, ['restore db']);
  });

  it('who does not answer is reminded, then others are told, and in the end the run gives up and says so', async () => {
    Object.assign(settings, { expiryMs: 1_500, remindersMs: [300, 600], escalation: [['Ann'], ['Bob', 'Carol']] });
    told.length = 0;
    try {
      const id = await begin('stubborn');
      const { type, message } = await failureOf(id);
      assert.equal(type, 'ApprovalExpired');
      assert.match(message, /nobody approved plan/);
      assert.deepEqual(called, []);
      assert.deepEqual(
        told.map(({ severity, text }) => [severity, /asked: (.*)/.exec(text)?.[1] ?? null]),
        [
          ['warning', 'Ann'],
          ['critical', 'Bob, Carol'],
          ['critical', 'Bob, Carol'],
          ['critical', null],
        ],
      );
    } finally {
      Object.assign(settings, { expiryMs: 600_000, remindersMs: [], escalation: [] });
    }
  });

  it('a key that is revoked between two effects voids the approval before the second', async () => {
    let release: () => void = () => undefined;
    gate = new Promise((resolve) => (release = resolve));
    const ring = settings.keys;
    try {
      const id = await begin('parallel');
      const first = await question(id);
      await answer(first, 'ann');
      await until('the first effect is under way', () => called.length === 1);
      settings.keys = ring.filter(({ person }) => person !== 'Ann');
      release();
      const second = await next(id, first);
      assert.deepEqual([called, second.asked.plan.done], [['restore db-a'], ['restore db-a']]);
      assert.deepEqual(
        second.asked.plan.actions.map(({ title }) => title),
        ['restore db-b', 'restore db-c', 'break'],
      );
      await answer(second, 'bob', 'deny');
      assert.deepEqual(((await result(id)) as { left: string[] }).left, ['restore db-a']);
    } finally {
      release();
      gate = Promise.resolve();
      settings.keys = ring;
    }
  });

  it('what a stop cut short is undone, although its approval lapses before it may go on', async (t) => {
    const ring = settings.keys;
    t.after(() => {
      [settings.keys, gate] = [ring, Promise.resolve()];
    });
    const stop = { scope: 'all', why: 'a test', by: 'Ann', at: new Date().toISOString() };
    const details = [stop, Date.now(), 1, false];
    gate = Promise.reject(
      ApplicationFailure.create({ type: EFFECTS_STOPPED, message: 'stopped', nonRetryable: true, details }),
    );
    gate.catch(() => undefined);
    const id = await begin('parallel');
    const first = await question(id);
    await answer(first, 'ann');
    await until('the effect is stopped', () => called.includes('restore db-a'));
    settings.keys = ring.filter(({ id: key }) => key !== 'ann');
    gate = Promise.resolve();
    await until('it asks again', async () => {
      await handle(id).signal(ALLOWED_SIGNAL);
      return (await openQuestion(temporal.client, id)).asked.expiresAt !== first.asked.expiresAt;
    });
    await handle(id).cancel();
    await assert.rejects(result(id), WorkflowFailedError);
    assert.deepEqual(called, ['restore db-a', 'drop db-a']);
  });

  it('without anybody who could approve the run ends at once and says so', async () => {
    const ring = settings.keys;
    settings.keys = [];
    try {
      const { type, message } = await failureOf(await begin('stubborn'));
      assert.equal(type, 'NobodyCanApprove');
      assert.match(message, /needs 1 to approve, and approvals.keys has usable keys of 0: nobody/);
      assert.deepEqual(called, []);
    } finally {
      settings.keys = ring;
    }
  });

  it('a mode that is not known does nothing', async () => {
    const { type } = await failureOf(await begin('stubborn', { mode: 'yolo' as never }));
    assert.equal(type, 'NoRunContext');
    assert.deepEqual(called, []);
  });
});
