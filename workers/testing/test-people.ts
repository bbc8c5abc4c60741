/**
 * The people of a test: each with a key in the kit's ring, so that their answers go the way of production, with a signature that the run's
 * worker judges. A question is waited for in real time, while virtual time stands still.
 */
import { deepStrictEqual } from 'node:assert';
import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { ApproverKey } from '../../activities/approvals.ts';
import { ANSWER_UPDATE, APPROVE_UPDATE, type AnswerResult, DENY_UPDATE } from '../../workflows/kit/approval-message.ts';
import type { SigningKey } from '../approval-key.ts';
import { type OpenHumanQuestion, type OpenQuestion, openHumanQuestion, openQuestion } from '../open-question.ts';
import { signAnswer } from '../sign-answer.ts';

const PEOPLE = ['Ann', 'Bob', 'Carol'] as const;
export type TestPerson = (typeof PEOPLE)[number];

export type TestAnswer =
  | { readonly kind: 'approve'; readonly plan?: readonly string[] }
  | { readonly kind: 'deny' }
  | { readonly kind: 'choose'; readonly choice: string };

export interface TestPeople {
  readonly ring: readonly ApproverKey[];
  /** Rejects when the run asks nothing of the kind within PATIENCE_MS, or the answer does not count. */
  answer(client: Client, workflowId: string, given: TestAnswer, by: TestPerson, reason: string): Promise<void>;
}

const LOOK_EVERY_MS = 20;
/** Real. */
const PATIENCE_MS = 10_000;

export function testPeople(): TestPeople {
  const keys = Object.fromEntries(PEOPLE.map((person) => [person, keyOf(person)])) as Record<TestPerson, SigningKey>;
  return {
    ring: Object.values(keys).map(({ entry }) => entry),
    answer: async (client, workflowId, given, by, reason) => {
      const read = given.kind === 'choose' ? openHumanQuestion : openQuestion;
      const question = await patiently<OpenQuestion | OpenHumanQuestion>(() => read(client, workflowId));
      if (given.kind === 'approve' && given.plan !== undefined) expectPlan(question as OpenQuestion, given.plan);
      const { runId, execution, asked } = question;
      const { planHash, expiresAt } = asked;
      const update = UPDATES[given.kind];
      const decision = given.kind === 'choose' ? given.choice : update;
      const unsigned = { decision, workflowId, runId, execution, planHash, expiresAt, reason };
      const result = await client.workflow
        .getHandle(workflowId)
        .executeUpdate<AnswerResult, [unknown]>(update, { args: [signAnswer(keys[by], unsigned)] });
      if (!result.accepted)
        throw new TypeError(`the answer of ${by} to ${workflowId} was refused (${result.refusal}): ${result.detail}`);
    },
  };
}

const UPDATES = { approve: APPROVE_UPDATE, deny: DENY_UPDATE, choose: ANSWER_UPDATE } as const;

function keyOf(person: TestPerson): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const text = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return {
    entry: { id: person.toLowerCase(), person, publicKey: text },
    privateKey: privateKey as KeyObject,
  };
}

/** It does ask, and will go on asking: something of the other kind. */
const ASKS_ELSE = / asks (a question|for approval)/;

async function patiently<Question>(read: () => Promise<Question>): Promise<Question> {
  const until = performance.now() + PATIENCE_MS;
  for (;;)
    try {
      return await read();
    } catch (error) {
      if (performance.now() > until || ASKS_ELSE.test(String(error))) throw error;
      await setTimeout(LOOK_EVERY_MS);
    }
}

function expectPlan({ asked }: OpenQuestion, titles: readonly string[]): void {
  deepStrictEqual(
    asked.plan.actions.map(({ title }) => title),
    titles,
    'effects of the plan that is to be approved',
  );
}
