/** One run as an operator reads it in a list; from Temporal's visibility, which lags behind by a moment. */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';

export interface ListedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly status: string;
  readonly phase: string | null;
  readonly trigger: string | null;
  readonly region: string | null;
  readonly service: string | null;
  readonly severity: string | null;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly closedAt: string | null;
}

const CALL_TIMEOUT_MS = 10_000;
const MAX_PAGE = 200;

/** Newest first, at most `limit`. */
export async function* listRuns(client: Client, query: string, limit: number): AsyncGenerator<ListedRun> {
  const pages = client.workflow.list({ query, pageSize: Math.min(limit, MAX_PAGE) })[Symbol.asyncIterator]();
  for (let left = limit; left > 0; left -= 1) {
    const next = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => pages.next());
    if (next.done === true) return;
    yield listedRun(next.value);
  }
}

export function listedRun(info: Omit<WorkflowExecutionInfo, 'raw'>): ListedRun {
  const attribute = (name: string): string | null =>
    info.typedSearchAttributes.get(defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)) ?? null;
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    runbook: info.type,
    status: STATUS_NAMES[info.status.name] ?? info.status.name.toLowerCase(),
    phase: attribute('TocsinPhase'),
    trigger: attribute('TocsinTrigger'),
    region: attribute('TocsinRegion'),
    service: attribute('TocsinService'),
    severity: attribute('TocsinSeverity'),
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString() ?? null,
  };
}

const STATUS_NAMES: Readonly<Record<string, string>> = { CANCELLED: 'canceled', TIMED_OUT: 'timed-out' };
