import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Approvals, answerTo, send, startApprovals } from '../support/approvals.ts';
import { until } from '../support/until.ts';

let approvals: Approvals;
before(async () => {
  approvals = await startApprovals({ quorums: {} });
});
after(() => approvals?.stop());
beforeEach(() => approvals.service.exhaust());

const actions = (): string[] => approvals.service.effects().map(({ action }) => action);
const result = (id: string): Promise<unknown> => approvals.client.workflow.getHandle(id).result();
const handle = (id: string) => approvals.client.workflow.getHandle(id);
const key = (name: string) => approvals.keys[name] ?? assert.fail(name);

/** What the UI shows as the run's details. */
async function detailsOf(id: string): Promise<string> {
  const { currentDetails } = await handle(id).query<{ currentDetails: string }, []>('__temporal_workflow_metadata');
  return currentDetails;
}

describe('a run that has to be approved', () => {
  it('shows its plan, does nothing until it is approved, and then what was approved', async () => {
    const before = actions().length;
    const id = await approvals.begin();
    const question = await approvals.question(id);
    assert.deepEqual(
      question.asked.plan.actions.map(({ title, calls, undo }) => [title, calls[0]?.activity, undo[0]?.activity]),
      [
        ['take checkout out of rotation', 'takeOutOfRotation', 'putBackInRotation'],
        ['restart checkout', 'restartUnit', undefined],
        ['put checkout back in rotation', 'putBackInRotation', undefined],
      ],
    );
    assert.equal(question.asked.plan.partial, null);
    const details = await detailsOf(id);
    for (const part of [
      `waits for approval** until ${question.asked.until} · 0 of 1 · plan \`${question.asked.planHash.slice(0, 12)}\``,
      '2. restart checkout (eu): restartUnit',
      `tocsin approve '${id}'`,
      'asked: Ann, Bob, Carol',
    ])
      assert.ok(details.includes(part), details);
    assert.equal(actions().length, before);
    const answer = answerTo(question, key('ann'), 'approve');
    assert.deepEqual(await send(approvals.client, id, 'approve', [answer]), {
      accepted: true,
      state: 'approved',
      missing: 0,
    });
    assert.equal(((await result(id)) as { outcome: string }).outcome, 'restarted');
    assert.deepEqual(actions().slice(before), ['take-out', 'restart', 'put-back']);
  });

  it('reports who approved it, and links to where the sender of its alert says that people can look', async () => {
    const links = { source: 'http://prometheus.test/graph', runbook: 'https://wiki.test/checkout?tab=restart' };
    const event = {
      id: 'e1',
      type: 'tocsin.alert.firing',
      source: 'am',
      stream: 'EVENTS_EU',
      sequence: 7,
      title: null,
    };
    const id = await approvals.begin({ event: { ...event, links } });
    const answer = answerTo(await approvals.question(id), key('bob'), 'approve', { reason: 'it is the only one sick' });
    await send(approvals.client, id, 'approve', [answer]);
    const { report } = (await result(id)) as { report: string };
    const [facts = '', ...sections] = report.split('\n\n## ');
    for (const fact of ['event: EVENTS_EU #7', `source: ${links.source}`, `runbook: ${links.runbook}`])
      assert.ok(facts.split('\n').includes(`- ${fact}`), report);
    assert.ok(sections.includes('Answers\n\n- approved by Bob: it is the only one sick'), report);
  });

  it('that is denied does nothing, and says who and why', async () => {
    const before = actions().length;
    const id = await approvals.begin();
    const answer = answerTo(await approvals.question(id), key('bob'), 'deny', { reason: 'not on a friday' });
    assert.deepEqual(await send(approvals.client, id, 'deny', [answer]), {
      accepted: true,
      state: 'denied',
      missing: 0,
    });
    assert.deepEqual(await result(id), { outcome: 'denied', by: 'Bob', reason: 'not on a friday', left: [] });
    assert.equal(actions().length, before);
  });

  it('is void when the observed instance has changed meanwhile, and asks again about the new one', async () => {
    const before = actions().length;
    const id = await approvals.begin();
    const first = await approvals.question(id);
    await approvals.crash();
    assert.equal(
      ((await send(approvals.client, id, 'approve', [answerTo(first, key('ann'), 'approve')])) as { accepted: boolean })
        .accepted,
      true,
    );
    const second = await until('it asks again', async () => {
      const question = await approvals.question(id);
      return question.asked.planHash === first.asked.planHash ? null : question;
    });
    assert.equal(
      actions().filter((action) => action === 'take-out').length,
      actions()
        .slice(0, before)
        .filter((a) => a === 'take-out').length,
    );
    await send(approvals.client, id, 'approve', [answerTo(second, key('ann'), 'approve')]);
    assert.equal(((await result(id)) as { outcome: string }).outcome, 'restarted');
  });

  it('a plan that is only made changes nothing', async () => {
    const before = actions().length;
    const report = (await result(await approvals.begin({ mode: 'plan' }))) as {
      outcome: string;
      hash: string;
      plan: { actions: unknown[] };
    };
    assert.deepEqual([report.outcome, report.plan.actions.length, report.hash.length], ['planned', 3, 64]);
    assert.equal(actions().length, before);
  });

  it('ends with its alert', async () => {
    const id = await approvals.begin();
    await approvals.question(id);
    await handle(id).signal('alertResolved', {});
    assert.deepEqual(await result(id), { outcome: 'resolved-meanwhile', undone: [] });
  });
});
