import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { wholeActs } from '../support/acts.ts';
import { cli } from '../support/cli.ts';
import { type KitLab, failureOf, startKitLab } from '../support/kit-lab.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

let servers: TestServers;
let log: EventLog;
let lab: KitLab;
before(async () => {
  servers = await startTestServers({ nats: true, temporal: true });
  log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  await log.ensureTopology(regionTopology('eu', { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }), true);
  lab = await startKitLab({}, servers);
});
beforeEach(() => void (lab.lines.length = 0));
after(async () => {
  await lab?.stop();
  await log?.close();
  await servers?.stopAll();
});

describe('askHuman', () => {
  it('goes on with the first signed answer, and people read question, choices and command', async () => {
    const run = await lab.begin('asks', { name: 'db' });
    const question = await lab.question(run.workflowId);
    assert.deepEqual(question.asked.human, {
      runbook: 'asks',
      about: 'db',
      number: 1,
      text: 'may db go?',
      choices: ['go', 'leave it'],
    });
    const notice = await until('people are told', () => lab.told.find(({ text }) => text.includes(run.workflowId)));
    assert.equal(notice.title, 'asks for db asks: may db go?');
    assert.ok(notice.text.includes(`tocsin answer '${run.workflowId}' 'leave it' --why '...'`), notice.text);
    assert.deepEqual(await lab.answer(question, 'ann', 'go'), { accepted: true, state: 'answered', missing: 0 });
    assert.equal(await run.result(), 'go');
    assert.deepEqual(lab.lines, ['prepare db', 'go db']);
  });

  it('an answer counts for one question only, of people in the key ring, and one of its choices', async () => {
    const run = await lab.begin('asksTwice', { name: 'db' });
    const first = await lab.question(run.workflowId);
    const refusal = async (by: string, choice: string) => {
      const result = await lab.answer(first, by, choice);
      return typeof result === 'string' || result.accepted ? result : result.refusal;
    };
    assert.equal(await refusal('mallory', 'yes'), 'unknown-key');
    assert.equal(await refusal('rex', 'yes'), 'revoked-key');
    assert.equal(await refusal('ann', 'perhaps'), 'other-decision');
    assert.deepEqual(await lab.answer(first, 'ann', 'no'), { accepted: true, state: 'answered', missing: 0 });
    const second = await until('it asks again', async () => {
      const now = await lab.question(run.workflowId);
      return now.asked.human.number === 2 ? now : null;
    });
    assert.equal(await refusal('ann', 'no'), 'other-plan');
    await lab.answer(second, 'bob', 'yes');
    assert.deepEqual(await run.result(), ['no', 'yes']);
  });

  it('when nobody answers in time the run fails, undone, and says what was asked', async () => {
    const run = await lab.begin('asks', { name: 'db', timeoutMs: 1 });
    assert.deepEqual(await failureOf(run), {
      type: 'AnswerExpired',
      message: 'nobody answered in time: may db go?; a human has to look, and to take over',
    });
    assert.deepEqual(lab.lines, ['prepare db', 'unprepare db']);
  });

  it('or goes on with what counts otherwise', async () => {
    const run = await lab.begin('asks', { name: 'db', timeoutMs: 1, otherwise: 'leave it' });
    assert.equal(await run.result(), 'leave it');
  });

  it('asks no longer than the run can last, and ends by itself', async () => {
    const run = await lab.begin('asks', { name: 'db', timeoutMs: 86_400_000 }, {}, 30_000);
    assert.equal((await failureOf(run)).type, 'AnswerExpired');
  });

  it('stops asking when its alert is resolved', async () => {
    const run = await lab.begin('asks', { name: 'db' });
    await lab.question(run.workflowId);
    await run.signal(RESOLVED_SIGNAL);
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: ['prepare'] });
  });

  it('a plan ends at the question', async () => {
    const run = await lab.begin('asks', { name: 'db' }, { mode: 'plan' });
    const { plan } = (await run.result()) as { plan: { partial: string; actions: { title: string }[] } };
    assert.deepEqual(
      plan.actions.map(({ title }) => title),
      ['prepare'],
    );
    assert.match(plan.partial, /depends on the answer to "may db go\?"/);
  });
});

describe('askHuman of a run under approval', () => {
  it('asks once, when its place has come; what the answer leads to is approved on its own', async () => {
    const run = await lab.begin('asks', { name: 'db' }, { mode: 'approve' });
    const first = await lab.approve(run.workflowId, 'ann');
    const question = await lab.question(run.workflowId);
    assert.equal(question.asked.human.number, 1);
    await lab.answer(question, 'bob', 'go');
    await until('it asks for the rest', async () => (await lab.approve(run.workflowId, 'ann')) !== first);
    assert.equal(await run.result(), 'go');
    assert.deepEqual(lab.lines, ['prepare db', 'go db']);
  });
});

describe('tocsin answer', () => {
  it('shows and answers what a run asks; another choice and another kind of run are refused by name', async () => {
    const run = await lab.begin('asks', { name: 'db' });
    const { asked } = await lab.question(run.workflowId);
    const env = { ...lab.env, NATS_URL: servers.natsUrl };
    const tocsin = (...args: readonly string[]) => cli(env, '--json', ...args);
    const acts = async () => (await wholeActs(log, 'eu')).map(({ what, where, why }) => `${what} | ${where} | ${why}`);
    const [waits, shown, wrong] = await Promise.all([
      tocsin('runs', 'list', '--phase', 'asking', '--status', 'running'),
      cli(lab.env, 'runs', 'show', run.workflowId),
      tocsin('answer', run.workflowId, 'maybe', '--why', 'no idea', '--key', lab.keyFile('ann')),
    ]);
    assert.ok((waits.json as { workflowId: string }[]).some(({ workflowId }) => workflowId === run.workflowId));
    assert.match(shown.stdout, /asks until .*: may db go\? \(tocsin answer: go \| leave it\)/);
    assert.equal(wrong.code, 2);
    assert.match(
      (wrong.json as { error: string }).error,
      /"maybe" is no answer to "may db go\?"; expected one of "go", "leave it"/,
    );
    const withoutNats = { ...env, NATS_URL: 'nats://127.0.0.1:1' };
    const away = await cli(
      withoutNats,
      'answer',
      run.workflowId,
      'go',
      '--yes',
      '--why',
      'x',
      '--key',
      lab.keyFile('ann'),
    );
    assert.equal(away.code, 3, 'without its line nothing is answered');
    const [silent, right] = [
      await tocsin('answer', run.workflowId, 'go', '--why', ' ', '--key', lab.keyFile('ann')),
      await tocsin('answer', run.workflowId, 'leave it', '--why', 'looked at it', '--key', lab.keyFile('ann')),
    ];
    assert.equal(silent.code, 2);
    const hash = asked.planHash;
    assert.deepEqual(await acts(), [`answer "leave it" | run ${run.workflowId}, question ${hash} | looked at it`]);
    assert.deepEqual([right.code, (right.json as { state: string }).state], [0, 'answered'], right.stderr);
    assert.equal(await run.result(), 'leave it');
    const late = await tocsin('answer', run.workflowId, 'go', '--why', 'late', '--key', lab.keyFile('ann'));
    assert.equal(late.code, 1);
    assert.match((late.json as { error: string }).error, /is closed \(completed\): nothing to answer/);
  });
});

describe('a step that must not be repeated', () => {
  const ask = async (name: string, choice: string, assumed = true) => {
    const run = await lab.begin('once', { name, assumed });
    const question = await lab.question(run.workflowId);
    await lab.answer(question, 'ann', choice);
    return { run, text: question.asked.human.text };
  };

  it('is tried once, and asks nobody when all goes well', async () => {
    assert.equal(await (await lab.begin('once', { name: 'well' })).result(), 'well-1');
    assert.deepEqual(lab.lines, ['prepare well', 'charge well']);
  });

  it('a failure that the activity calls final is known, and nobody is asked', async () => {
    assert.match((await failureOf(await lab.begin('once', { name: 'refuses' }))).message, /Activity task failed/);
    assert.deepEqual(lab.lines, ['prepare refuses', 'charge refuses', 'refund refuses', 'unprepare refuses']);
  });

  it('done: it goes on with what is assumed', async () => {
    const { run, text } = await ask('hangs', 'done');
    assert.equal(text, 'was this done? charge hangs (activity StartToClose timeout)');
    assert.equal(await run.result(), 'assumed');
    assert.deepEqual(lab.lines, ['prepare hangs', 'charge hangs']);
  });

  it('not done: it is done again, under the same key', async () => {
    const { run, text } = await ask('throws', 'not done');
    assert.equal(text, 'was this done? charge throws (connection lost)');
    assert.equal(await run.result(), 'throws-2');
    assert.deepEqual(lab.lines, ['prepare throws', 'charge throws', 'charge throws']);
  });

  it('give up: what was done is undone, the step in doubt as well', async () => {
    const { run } = await ask('throws', 'give up');
    assert.deepEqual(await failureOf(run), { type: 'Escalated', message: 'Ann gave up "charge throws": test' });
    assert.deepEqual(lab.lines, ['prepare throws', 'charge throws', 'refund throws', 'unprepare throws']);
  });

  it('done, but its result is needed and not assumed: it says so', async () => {
    const { run } = await ask('hangs', 'done', false);
    assert.match((await failureOf(run)).message, /needs what it returned: it has no `assumed`/);
  });
});
