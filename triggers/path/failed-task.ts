/**
 * Why a run does not get on: its workflow task fails, and Temporal tries it again and again. Its history keeps the first of these failures.
 * Either the code of the runbook has to be mended, or what stands around it: a worker without the key, a result that is too large.
 */
import type { Client } from '@temporalio/client';

type History = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistoryReverse']>>;
type HistoryEvent = NonNullable<NonNullable<History['history']>['events']>[number];
type Failure = NonNullable<NonNullable<HistoryEvent['workflowTaskFailedEventAttributes']>['failure']>;

export interface FailedTask {
  /** Whether the code of the runbook is at fault. */
  readonly byCode: boolean;
  readonly why: string;
}

/** Type of the failure when no key here fits a payload. */
export const PAYLOAD_UNREADABLE = 'PayloadUnreadable';

const MAX_CHARS = 400;
/** Temporal's numbers, as its interface has them. */
const UNHANDLED_FAILURE = 14;
const NON_DETERMINISTIC = 24;
/** What a worker without any key says. */
const NO_KEY = /Unknown encoding: binary\/encrypted/;

/** Null when no task has failed, or one came to its end since, or somebody has reset the run. Newest event first. */
export function failedTask(events: readonly HistoryEvent[]): FailedTask | null {
  const last = events.find(
    (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
  );
  const { failure, cause } = last?.workflowTaskFailedEventAttributes ?? {};
  if (!failure || failure.resetWorkflowFailureInfo) return null;
  const why = textOf(failure);
  if (why === '') return null;
  const byCode = (cause === UNHANDLED_FAILURE || cause === NON_DETERMINISTIC) && !isUnreadable(failure, why);
  return { byCode, why };
}

/** Its type stays in clear where messages are encrypted. */
const isUnreadable = (failure: Failure, text: string): boolean =>
  NO_KEY.test(text) || chainOf(failure).some((each) => each.applicationFailureInfo?.type === PAYLOAD_UNREADABLE);

const textOf = (failure: Failure): string =>
  chainOf(failure)
    .flatMap(({ message }) => message || [])
    .join(': ')
    .slice(0, MAX_CHARS);

function chainOf(failure: Failure): readonly Failure[] {
  const chain: Failure[] = [];
  for (let next: Failure | null | undefined = failure; next; next = next.cause) chain.push(next);
  return chain;
}
