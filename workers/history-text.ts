/** What the events of a run's history say, as short text for people. */
import type { Client } from '@temporalio/client';

type History = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistory']>>;
export type HistoryEvent = NonNullable<NonNullable<History['history']>['events']>[number];

interface Failure {
  readonly message?: string | null;
  readonly cause?: Failure | null;
}

const MAX_DETAIL = 200;

/** A failure and its causes; empty when it says nothing. */
export function failureText(failure: Failure | null | undefined): string {
  const messages: string[] = [];
  for (let next = failure; next; next = next.cause) if (next.message) messages.push(next.message);
  return messages.join(': ').slice(0, MAX_DETAIL * 2);
}

interface Payload {
  readonly data?: Uint8Array | null;
}

/** Payloads of the default converter are JSON text; what is encoded otherwise is not shown. */
export function payloadText(payload: Payload | null | undefined, max: number = MAX_DETAIL): string {
  const value = payloadValue(payload);
  if (value === undefined) return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, max);
}

/** Undefined when there is nothing, or nothing that can be read here. */
export function payloadValue(payload: Payload | null | undefined): unknown {
  if (!payload?.data || payload.data.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(payload.data).toString('utf8')) as unknown;
  } catch {
    return '(encoded)';
  }
}
