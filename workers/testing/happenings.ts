/** What happens to a run from outside while a test waits for it. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import ms, { type StringValue } from 'ms';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { partsKnow } from './parts-know.ts';
import type { TestAnswer, TestPeople, TestPerson } from './test-people.ts';

export interface Happening {
  /** Virtual time after what came before it, or after the start. */
  readonly afterMs: number;
  readonly to: (handle: WorkflowHandle, people: PeopleAtHand) => Promise<unknown>;
}

/** Who can answer a run of this kit. */
export interface PeopleAtHand {
  readonly client: Client;
  readonly people: TestPeople;
}

export interface AnswerOptions {
  /** Default: Ann. */
  readonly by?: TestPerson;
  /** A part of the run that asks, by the end of its id: `1-canary` for the first child, titled canary. */
  readonly part?: string;
}

/** Its alert is resolved. @example meanwhile: [resolves('10m')] */
export const resolves = (after: StringValue): Happening => ({
  afterMs: ms(after),
  to: (handle) => handle.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_TEST', sequence: 2, storedAt: 0 }),
});

/** An operator cancels it, and its parts with it. */
export const cancelled = (after: StringValue): Happening => ({
  afterMs: ms(after),
  to: async (handle) => {
    await handle.cancel();
    await partsKnow(handle);
  },
});

/** A signal of the runbook's own. */
export const signalled = (after: StringValue, name: string, ...args: readonly unknown[]): Happening => ({
  afterMs: ms(after),
  to: (handle) => handle.signal(name, ...args),
});

/**
 * Somebody approves the plan that it asks about by then; with `plan`, only one that has exactly these effects.
 * @example meanwhile: [approves('5m', { plan: ['restart checkout'] })]
 */
export const approves = (
  after: StringValue,
  { plan, ...options }: AnswerOptions & { readonly plan?: readonly string[] } = {},
): Happening => answered(after, { kind: 'approve', ...(plan === undefined ? {} : { plan }) }, options, 'looks right');

/** Somebody denies the plan that it asks about by then. */
export const denies = (after: StringValue, reason: string, options: AnswerOptions = {}): Happening =>
  answered(after, { kind: 'deny' }, options, reason);

/** Somebody answers the question that it asks by then. @example meanwhile: [chooses('5m', 'fail over')] */
export const chooses = (after: StringValue, choice: string, options: AnswerOptions = {}): Happening =>
  answered(after, { kind: 'choose', choice }, options, 'seen by a human');

const answered = (
  after: StringValue,
  given: TestAnswer,
  { by = 'Ann', part }: AnswerOptions,
  reason: string,
): Happening => ({
  afterMs: ms(after),
  to: ({ workflowId }, { client, people }) =>
    people.answer(client, part === undefined ? workflowId : `${workflowId}/${part}`, given, by, reason),
});

export async function happen(
  { afterMs, to }: Happening,
  handle: WorkflowHandle,
  environment: TestWorkflowEnvironment,
  people: TestPeople,
): Promise<void> {
  await environment.sleep(afterMs);
  await to(handle, { client: environment.client, people });
}
