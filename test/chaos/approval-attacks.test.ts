/** What must not count as an approval, one row each, on a real Temporal: nothing is accepted, nothing is done, and every attempt leaves its trace. */
import assert from 'node:assert/strict';
import { randomBytes, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import type { ApproverKey } from '../../activities/approvals.ts';
import type { SigningKey } from '../../workers/approval-key.ts';
import { type OpenQuestion, openQuestion } from '../../workers/open-question.ts';
import { type AnswerResult, type SignedAnswer, signedText } from '../../workflows/kit/approval-message.ts';
import { canonical } from '../../workflows/kit/canonical.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { type Approvals, type Held, answerTo, send, startApprovals } from '../support/approvals.ts';
import { until } from '../support/until.ts';

let approvals: Approvals;
before(async () => {
  approvals = await startApprovals();
  await approvals.service.exhaust();
});
after(() => approvals?.stop());

type Answered = AnswerResult | string;

interface Target {
  readonly id: string;
  readonly question: OpenQuestion;
  /** Send an update to the run. */
  readonly update: (name: string, ...args: readonly unknown[]) => Promise<Answered>;
}

interface Attack {
  readonly name: string;
  readonly run?: Partial<RunContext>;
  readonly quorum?: number;
  readonly attack: (target: Target) => Promise<Answered>;
  /** The refusal, or what the text says. */
  readonly refused: string | RegExp;
  /**
   * Where the attempt can be seen: `history`: in the run's history and in the worker's log. `log`: in the worker's log and audit alone, since it never
   * got into the history. `server`: Temporal refused it, no part of Tocsin saw it.
   */
  readonly seen: 'history' | 'log' | 'server';
  /** What was done in all, where a part of it had been approved before. */
  readonly done?: readonly string[];
}

const key = (id: string): SigningKey => approvals.keys[id] ?? assert.fail(id);
const approve = ({ question }: Target, by = 'ann', changes: Parameters<typeof answerTo>[3] = {}): SignedAnswer =>
  answerTo(question, key(by), 'approve', changes);
/** Signs any text, as a key's owner with tools of their own could. */
const signRaw = (payload: string, by = 'ann', text = signedText(payload)): SignedAnswer => ({
  payload,
  key: by,
  signature: sign(null, Buffer.from(text), key(by).privateKey).toString('base64'),
});
const payloadOf = (answer: SignedAnswer): Record<string, unknown> =>
  JSON.parse(answer.payload) as Record<string, unknown>;
const BY_HAND = { trigger: null, alertKey: null, event: null } as const;
const OTHER_RUN = '00000000-0000-4000-8000-000000000000';

const ATTACKS: readonly Attack[] = [
  {
    name: 'a bare signal',
    attack: async ({ id }) => {
      await approvals.client.workflow.getHandle(id).signal('approve');
      return 'signalled';
    },
    refused: /signalled/,
    seen: 'history',
  },
  {
    name: 'a signal that carries a good answer',
    attack: async (target) => {
      await approvals.client.workflow.getHandle(target.id).signal('approve', approve(target));
      return 'signalled';
    },
    refused: /signalled/,
    seen: 'history',
  },
  { name: 'a bare update', attack: ({ update }) => update('approve'), refused: /expected one argument/, seen: 'log' },
  {
    name: 'an update of another name',
    attack: (target) => target.update('Approve', approve(target)),
    refused: /Approve/,
    seen: 'server',
  },
  {
    name: 'an empty object',
    attack: ({ update }) => update('approve', {}),
    refused: /exactly the fields/,
    seen: 'log',
  },
  {
    name: 'nothing at all: null',
    attack: ({ update }) => update('approve', null),
    refused: /expected an object/,
    seen: 'log',
  },
  {
    name: 'a list',
    attack: (target) => target.update('approve', [approve(target)]),
    refused: /expected an object/,
    seen: 'log',
  },
  {
    name: 'the word yes',
    attack: ({ update }) => update('approve', 'yes'),
    refused: /expected an object/,
    seen: 'log',
  },
  {
    name: 'garbage as fields',
    attack: ({ update }) => update('approve', { payload: '\u0000\uffff', key: '☃', signature: '=' }),
    refused: /signature/,
    seen: 'log',
  },
  {
    name: 'garbage of the right length',
    attack: ({ update }) => update('approve', { payload: '{', key: 'ann', signature: 'A'.repeat(88) }),
    refused: 'wrong-signature',
    seen: 'history',
  },
  {
    name: 'two arguments',
    attack: (target) => target.update('approve', approve(target), approve(target)),
    refused: /expected one argument/,
    seen: 'log',
  },
  {
    name: 'unsigned',
    attack: (target) => target.update('approve', { ...approve(target), signature: '' }),
    refused: /signature/,
    seen: 'log',
  },
  {
    name: 'without the field of the signature',
    attack: (target) => target.update('approve', { payload: approve(target).payload, key: 'ann' }),
    refused: /exactly the fields/,
    seen: 'log',
  },
  {
    name: 'another signature',
    attack: (target) => target.update('approve', { ...approve(target), signature: randomBytes(64).toString('base64') }),
    refused: 'wrong-signature',
    seen: 'history',
  },
  {
    name: 'a changed payload under a good signature',
    attack: (target) =>
      target.update('approve', { ...approve(target), payload: approve(target, 'ann', { reason: 'other' }).payload }),
    refused: 'wrong-signature',
    seen: 'history',
  },
  {
    name: 'wrong key: another signs in the name of Ann',
    attack: (target) => target.update('approve', { ...approve(target, 'mallory'), key: 'ann' }),
    refused: 'wrong-signature',
    seen: 'history',
  },
  {
    name: 'a key that is not in the ring',
    attack: (target) => target.update('approve', approve(target, 'mallory')),
    refused: 'unknown-key',
    seen: 'history',
  },
  {
    name: 'a key called __proto__',
    attack: (target) => target.update('approve', { ...approve(target), key: '__proto__' }),
    refused: 'unknown-key',
    seen: 'history',
  },
  {
    name: 'a revoked key',
    attack: (target) => target.update('approve', approve(target, 'rex')),
    refused: 'revoked-key',
    seen: 'history',
  },
  {
    name: 'an expired key',
    attack: (target) => target.update('approve', approve(target, 'eve')),
    refused: 'expired-key',
    seen: 'history',
  },
  {
    name: 'Ann says she is Bob',
    attack: (target) => target.update('approve', signRaw(canonical({ ...payloadOf(approve(target)), person: 'Bob' }))),
    refused: 'other-person',
    seen: 'history',
  },
  {
    name: 'signed to deny, sent to approve',
    attack: (target) => target.update('approve', answerTo(target.question, key('ann'), 'deny')),
    refused: 'other-decision',
    seen: 'history',
  },
  {
    name: 'replayed on another run',
    attack: async (target) => target.update('approve', approve({ ...target, question: await otherQuestion({}) })),
    refused: 'other-workflow',
    seen: 'history',
  },
  {
    name: 'for another run of the same id',
    attack: (target) => target.update('approve', approve(target, 'ann', { runId: OTHER_RUN })),
    refused: 'other-run',
    seen: 'history',
  },
  {
    name: 'for another execution of the same run',
    attack: (target) => target.update('approve', approve(target, 'ann', { execution: OTHER_RUN })),
    refused: 'before-reset',
    seen: 'history',
  },
  {
    name: 'with the plan of another run of the same runbook',
    attack: async (target) => {
      const { asked } = await otherQuestion({ alertKey: 'am:ServiceDown:other' });
      return target.update('approve', approve(target, 'ann', { planHash: asked.planHash }));
    },
    refused: 'other-plan',
    seen: 'history',
  },
  {
    name: 'on another plan: the question before is answered after all',
    quorum: 1,
    attack: async (target) => {
      const held = approve(target, 'carol');
      await approvals.crash();
      await target.update('approve', approve(target));
      await until(
        'it asks again',
        async () => (await openQuestion(approvals.client, target.id)).asked.planHash !== target.question.asked.planHash,
      );
      return target.update('approve', held);
    },
    refused: 'other-plan',
    seen: 'history',
  },
  {
    name: 'good for longer than asked',
    attack: (target) =>
      target.update('approve', approve(target, 'ann', { expiresAt: target.question.asked.expiresAt + 86_400_000 })),
    refused: 'other-question',
    seen: 'history',
  },
  {
    name: 'after the expiry, while the run does not know yet',
    attack: (target) => {
      approvals.shiftClock(7_200_000);
      return target.update('approve', approve(target));
    },
    refused: 'expired',
    seen: 'history',
  },
  {
    name: 'the same answer twice',
    quorum: 2,
    attack: async (target) => {
      const answer = approve(target);
      assert.deepEqual(await target.update('approve', answer), { accepted: true, state: 'waiting', missing: 1 });
      return target.update('approve', answer);
    },
    refused: 'replayed',
    seen: 'history',
  },
  {
    name: 'the same answer twice at once',
    quorum: 2,
    attack: async (target) => {
      const answer = approve(target);
      return refusedOf(await Promise.all([target.update('approve', answer), target.update('approve', answer)]));
    },
    refused: 'replayed',
    seen: 'history',
  },
  {
    name: 'twice by one person',
    quorum: 2,
    attack: async (target) => {
      await target.update('approve', approve(target));
      return target.update('approve', approve(target));
    },
    refused: 'twice',
    seen: 'history',
  },
  {
    name: 'twice by one person with two keys',
    quorum: 2,
    attack: async (target) => {
      await target.update('approve', approve(target));
      return target.update('approve', approve(target, 'ann-2'));
    },
    refused: 'twice',
    seen: 'history',
  },
  {
    name: 'twice by one person with two keys at once',
    quorum: 2,
    attack: async (target) =>
      refusedOf(await Promise.all(['ann', 'ann-2'].map((by) => target.update('approve', approve(target, by))))),
    refused: 'twice',
    seen: 'history',
  },
  {
    name: 'by who started it by hand',
    run: { ...BY_HAND, startedBy: 'Bob' },
    attack: (target) => target.update('approve', approve(target, 'bob')),
    refused: 'requester',
    seen: 'history',
  },
  {
    name: 'by who started it by hand, under the user name',
    run: { ...BY_HAND, startedBy: 'ANN.A' },
    attack: (target) => target.update('approve', approve(target)),
    refused: 'requester',
    seen: 'history',
  },
  {
    name: 'of a run that was started by hand by nobody knows whom',
    run: BY_HAND,
    attack: (target) => target.update('approve', approve(target)),
    refused: 'requester',
    seen: 'history',
  },
  {
    name: 'prototype keys around the answer',
    attack: (target) =>
      target.update(
        'approve',
        JSON.parse(`{"__proto__":{"accepted":true},${JSON.stringify(approve(target)).slice(1)}`),
      ),
    refused: /exactly the fields/,
    seen: 'log',
  },
  {
    name: 'prototype keys in what is signed',
    attack: (target) => target.update('approve', signRaw(`{"__proto__":{"v":1},${approve(target).payload.slice(1)}`)),
    refused: 'malformed',
    seen: 'history',
  },
  {
    name: 'an unknown field in what is signed',
    attack: (target) => target.update('approve', signRaw(canonical({ ...payloadOf(approve(target)), also: 'this' }))),
    refused: 'malformed',
    seen: 'history',
  },
  {
    name: 'a signature over another order of the same fields',
    attack: (target) =>
      target.update(
        'approve',
        signRaw(JSON.stringify(Object.fromEntries(Object.entries(payloadOf(approve(target))).toReversed()))),
      ),
    refused: 'malformed',
    seen: 'history',
  },
  {
    name: 'a signature over the same fields with space between them',
    attack: (target) => target.update('approve', signRaw(JSON.stringify(payloadOf(approve(target)), null, 1))),
    refused: 'malformed',
    seen: 'history',
  },
  {
    name: 'a field that is there twice',
    attack: (target) => target.update('approve', signRaw(`{"decision":"deny",${approve(target).payload.slice(1)}`)),
    refused: 'malformed',
    seen: 'history',
  },
  {
    name: 'a signature made without its purpose',
    attack: (target) => target.update('approve', signRaw(approve(target).payload, 'ann', approve(target).payload)),
    refused: 'wrong-signature',
    seen: 'history',
  },
  {
    name: 'wrong types around the answer',
    attack: (target) => target.update('approve', { ...approve(target), key: { id: 'ann' } }),
    refused: /key: expected text/,
    seen: 'log',
  },
  {
    name: 'wrong types in what is signed',
    attack: (target) =>
      target.update(
        'approve',
        signRaw(canonical({ ...payloadOf(approve(target)), expiresAt: String(target.question.asked.expiresAt) })),
      ),
    refused: 'malformed',
    seen: 'history',
  },
  {
    name: 'oversized: 100 kB',
    attack: (target) => target.update('approve', { ...approve(target), payload: 'x'.repeat(100_000) }),
    refused: /payload: expected text of 1 to 4096/,
    seen: 'log',
  },
  {
    name: 'oversized: 3 MB',
    attack: (target) => target.update('approve', { ...approve(target), payload: 'x'.repeat(3_000_000) }),
    refused: /refused by the server: Workflow Update failed/,
    seen: 'log',
  },
  {
    name: 'oversized: 5 MB',
    attack: (target) => target.update('approve', { ...approve(target), payload: 'x'.repeat(5_000_000) }),
    refused: /refused by the server/,
    seen: 'server',
  },
  {
    name: 'before the question',
    run: { region: 'nowhere' },
    attack: (target) => target.update('approve', approve(target)),
    refused: 'not-asked',
    seen: 'history',
  },
  {
    name: 'after the run was denied',
    attack: async (target) => {
      assert.equal(accepted(await target.update('deny', answerTo(target.question, key('bob'), 'deny'))), true);
      await approvals.client.workflow.getHandle(target.id).result();
      return target.update('approve', approve(target));
    },
    refused: /refused by the server/,
    seen: 'server',
  },
  {
    name: 'after the run was cancelled',
    attack: async (target) => {
      await approvals.client.workflow.getHandle(target.id).cancel();
      await approvals.client.workflow
        .getHandle(target.id)
        .result()
        .catch(() => undefined);
      return target.update('approve', approve(target));
    },
    refused: /refused by the server/,
    seen: 'server',
  },
  {
    name: 'while the cancelled run undoes what was approved before',
    done: ['take-out', 'put-back'],
    attack: (target) =>
      undoneUnder(target, async (again, undo) => {
        await handleOf(target).cancel();
        await until('it undoes', undo.reached);
        return target.update('approve', answerTo(again, key('bob'), 'approve'));
      }),
    refused: 'already-decided',
    seen: 'history',
  },
  {
    name: 'right behind the request to cancel, which the run hears of together with it',
    done: ['take-out', 'put-back'],
    attack: (target) =>
      undoneUnder(target, async (again) => {
        const judged = approvals.hold('judgeAnswer');
        // While it is judged the run hears of nothing else.
        const before = target.update('approve', answerTo(again, key('mallory'), 'approve'));
        await until('an answer is judged', judged.reached);
        await handleOf(target).cancel();
        const answered = await sendBehind(target, answerTo(again, key('bob'), 'approve'));
        judged.release();
        await before;
        return answered();
      }),
    refused: 'already-decided',
    seen: 'history',
  },
  {
    name: 'after the run was terminated',
    attack: async (target) => {
      await approvals.client.workflow.getHandle(target.id).terminate('over');
      return target.update('approve', approve(target));
    },
    refused: /refused by the server/,
    seen: 'server',
  },
];

describe('approval attacks', () => {
  for (const { name, run = {}, quorum = 1, attack, refused, seen, done = [] } of ATTACKS)
    it(`${name}: refused, nothing done, seen in ${seen}`, async () => {
      approvals.configure({ quorum });
      const id = await approvals.begin(run);
      const question = await (run.region === undefined ? approvals.question(id) : unasked(id));
      const [effects, lines] = [approvals.service.effects().length, approvals.logged.length];
      const answered = await attack({
        id,
        question,
        update: (update, ...args) => send(approvals.client, id, update, args),
      });
      const refusal = typeof refused === 'string' ? refused : 'malformed';
      if (typeof answered === 'string') assert.match(answered, refused as RegExp);
      else assert.deepEqual([answered.accepted, 'refusal' in answered && answered.refusal], [false, refused]);
      if (seen === 'history') assert.ok(await inHistory(id, refused), 'the history has it');
      if (seen !== 'server')
        await until('the log has it', () =>
          approvals.logged.slice(lines).some((line) => line.includes(`"${refusal}"`)),
        );
      if (seen !== 'server')
        await until('it is told for the audit', () => approvals.refused.includes(`${id} ${refusal}`));
      assert.deepEqual(actionsSince(effects), done, 'nothing was done that was not approved');
      await approvals.client.workflow
        .getHandle(id)
        .terminate('the test is over')
        .catch(() => undefined);
    });

  it('3 MB of garbage is judged once, and a good answer behind it counts', async () => {
    approvals.configure({ quorum: 1 });
    await approvals.service.exhaust();
    const id = await approvals.begin();
    const question = await approvals.question(id);
    const good = answerTo(question, key('ann'), 'approve');
    await send(approvals.client, id, 'approve', [{ ...good, payload: 'x'.repeat(3_000_000) }]);
    assert.deepEqual(await send(approvals.client, id, 'approve', [good]), {
      accepted: true,
      state: 'approved',
      missing: 0,
    });
    assert.equal(approvals.refused.filter((line) => line.startsWith(id)).length, 1);
    await approvals.client.workflow.getHandle(id).result();
    await approvals.service.exhaust();
  });

  it('approve and deny at once: the first one counts, the other is refused, in both orders', async () => {
    approvals.configure({ quorum: 1 });
    for (const first of ['approve', 'deny'] as const) {
      const id = await approvals.begin();
      const question = await approvals.question(id);
      const second = first === 'approve' ? 'deny' : 'approve';
      const answers = await Promise.all([
        send(approvals.client, id, first, [answerTo(question, key('ann'), first)]),
        send(approvals.client, id, second, [answerTo(question, key('bob'), second)]),
      ]);
      assert.equal(answers.filter(accepted).length, 1, JSON.stringify(answers));
      const settled = answers.find(accepted);
      const report = (await approvals.client.workflow.getHandle(id).result()) as { outcome: string };
      const denied = typeof settled === 'object' && 'state' in settled && settled.state === 'denied';
      assert.equal(report.outcome, denied ? 'denied' : 'restarted');
      await approvals.service.exhaust();
    }
  });

  for (const [where, refused, point] of [
    ['before the question', 'not-asked', firstMemo],
    ['between the question and the answer', 'before-reset', lastAnswer],
  ] as const)
    it(`a reset to ${where} brings the approval along, and it does not count again`, async () => {
      approvals.configure({ quorum: 2 });
      const id = await approvals.begin();
      const question = await approvals.question(id);
      const before = approvals.service.effects().length;
      await send(approvals.client, id, 'approve', [answerTo(question, key('mallory'), 'approve')]);
      const counted = await send(approvals.client, id, 'approve', [answerTo(question, key('ann'), 'approve')]);
      assert.equal(accepted(counted), true);
      await reset(id, question.execution, point);
      const again = await untilAskedAgain(id, question);
      assert.equal(again.runId, question.runId, 'the first run id stays');
      await until('the answer that came along is refused', () => inHistory(id, refused), 20_000);
      const bob = await send(approvals.client, id, 'approve', [answerTo(again, key('bob'), 'approve')]);
      assert.deepEqual(bob, { accepted: true, state: 'waiting', missing: 1 }, 'Ann is not counted');
      assert.equal(approvals.service.effects().length, before);
      await approvals.client.workflow.getHandle(id).terminate('the test is over');
    });

  it('a reset to behind the approval asks again before the first effect', async () => {
    approvals.configure({ quorum: 1 });
    await approvals.service.exhaust();
    const id = await approvals.begin();
    const question = await approvals.question(id);
    await send(approvals.client, id, 'approve', [answerTo(question, key('ann'), 'approve')]);
    await approvals.client.workflow.getHandle(id).result();
    await approvals.service.exhaust();
    const before = approvals.service.effects().length;
    await reset(id, question.execution, firstEffect);
    const again = await untilAskedAgain(id, question);
    assert.equal(again.runId, question.runId);
    assert.equal(approvals.service.effects().length, before, 'nothing was done under the old approval');
    await approvals.client.workflow.getHandle(id).terminate('the test is over');
  });
});

const handleOf = ({ id }: Pick<Target, 'id'>) => approvals.client.workflow.getHandle(id);

const ringWithout = (...ids: readonly string[]): ApproverKey[] =>
  Object.values(approvals.keys).flatMap(({ entry }) => (ids.includes(entry.id) ? [] : [entry]));

const actionsSince = (count: number): string[] =>
  approvals.service
    .effects()
    .slice(count)
    .map(({ action }) => action);

/**
 * The first effect is approved and done, and a new question stands, since the key of who approved is revoked; then the attack, which is to make the run
 * undo that effect. The undo is held back until the attack is answered.
 */
async function undoneUnder(
  target: Target,
  attack: (again: OpenQuestion, undo: Held) => Promise<Answered>,
): Promise<Answered> {
  const [effect, undo] = [approvals.hold('takeOutOfRotation'), approvals.hold('putBackInRotation')];
  try {
    assert.equal(accepted(await target.update('approve', approve(target))), true);
    await until('the first effect is at work', effect.reached);
    approvals.configure({ keys: ringWithout('mallory', 'ann') });
    effect.release();
    const again = await until('it asks anew', async () => {
      const now = await openQuestion(approvals.client, target.id);
      return now.asked.planHash === target.question.asked.planHash ? null : now;
    });
    return await attack(again, undo);
  } finally {
    effect.release();
    undo.release();
    approvals.configure({ keys: ringWithout('mallory') });
    await assert.rejects(handleOf(target).result(), WorkflowFailedError);
  }
}

/** Sends an approval, and resolves once the server has it to what becomes of it. */
async function sendBehind({ id }: Target, answer: SignedAnswer): Promise<() => Promise<Answered>> {
  const { client, namespace } = approvals.temporal;
  const updateId = randomBytes(8).toString('hex');
  const answered = send(client, id, 'approve', [answer], updateId);
  await until('the server has it', async () => {
    const updateRef = { workflowExecution: { workflowId: id }, updateId };
    await client.workflowService.pollWorkflowExecutionUpdate({ namespace, updateRef });
    return true;
  });
  return () => answered;
}

const accepted = (answer: Answered): boolean => typeof answer === 'object' && answer.accepted;

/** Of answers sent at once, the one that was refused; it fails when none or all were. */
function refusedOf(answers: readonly Answered[]): Answered {
  assert.equal(answers.filter(accepted).length, 1, JSON.stringify(answers));
  return answers.find((answer) => !accepted(answer)) ?? assert.fail();
}

async function otherQuestion(run: Partial<RunContext>): Promise<OpenQuestion> {
  return approvals.question(await approvals.begin(run));
}

/** What an answer to a run that asks nothing yet would have to name. */
async function unasked(id: string): Promise<OpenQuestion> {
  const asked = await otherQuestion({});
  const { runId } = await approvals.client.workflow.getHandle(id).describe();
  return { ...asked, workflowId: id, runId, execution: runId };
}

type Events = NonNullable<
  Awaited<ReturnType<ReturnType<Approvals['client']['workflow']['getHandle']>['fetchHistory']>>['events']
>;

async function inHistory(id: string, refused: string | RegExp): Promise<boolean> {
  const { events } = await approvals.client.workflow.getHandle(id).fetchHistory();
  return (events ?? []).some((event) => {
    if (typeof refused !== 'string') return event.workflowExecutionSignaledEventAttributes?.signalName === 'approve';
    const [payload] = event.workflowExecutionUpdateCompletedEventAttributes?.outcome?.success?.payloads ?? [];
    return Buffer.from(payload?.data ?? [])
      .toString()
      .includes(`"refusal":"${refused}"`);
  });
}

/** The tasks to which a run is reset. */
function firstMemo(events: Events): unknown {
  const memo = events.find((event) => event.workflowPropertiesModifiedEventAttributes);
  return memo?.workflowPropertiesModifiedEventAttributes?.workflowTaskCompletedEventId;
}
function lastAnswer(events: Events): unknown {
  const answer = events.findLastIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  return events.slice(0, answer).findLast((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
}
function firstEffect(events: Events): unknown {
  const effect = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'takeOutOfRotation',
  );
  return effect?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId;
}

const untilAskedAgain = (id: string, before: OpenQuestion): Promise<OpenQuestion> =>
  until('the reset run asks', async () => {
    const now = await openQuestion(approvals.client, id);
    return now.execution === before.execution ? null : now;
  });

async function reset(id: string, runId: string, taskOf: (events: Events) => unknown): Promise<void> {
  const { namespace, client } = approvals.temporal;
  const { events } = await client.workflow.getHandle(id, runId).fetchHistory();
  const task = taskOf(events ?? []) ?? assert.fail('no such event');
  await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: id, runId },
    reason: 'test',
    requestId: randomBytes(16).toString('hex'),
    workflowTaskFinishEventId: task as never,
  });
}
