/** How long a run took, counted from before whatever began it. */
import type { Client } from '@temporalio/client';
import { until } from '../support/until.ts';

export interface RunLatency {
  readonly toActivityMs: number;
  readonly toEndMs: number;
  /** Whether the worker was given the first task with the answer to the start. */
  readonly eager: boolean;
}

/**
 * `begin` resolves to the id the run has or will have. When its first activity began and when it ended is read from its own history. Both clocks
 * are this machine's.
 */
export async function latencyOf(client: Client, begin: () => Promise<string>): Promise<RunLatency> {
  const begun = Date.now() + (performance.now() % 1);
  const handle = client.workflow.getHandle(await begin());
  await until('the run is there', () => handle.result().then(() => true));
  const { events } = await handle.fetchHistory();
  const started = events?.find((event) => event.workflowExecutionStartedEventAttributes);
  const first = events?.find((event) => event.activityTaskStartedEventAttributes);
  const last = events?.find((event) => event.workflowExecutionCompletedEventAttributes);
  return {
    toActivityMs: millis(first?.eventTime) - begun,
    toEndMs: millis(last?.eventTime) - begun,
    eager: started?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted === true,
  };
}

const millis = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
