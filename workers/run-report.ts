/** Everything about one run: its state, its checklist, its input and its timeline. The checklist needs a worker; the rest only the server. */
import type { Client } from '@temporalio/client';
import type { HumanAskedInMemo } from '../workflows/kit/approval-message.ts';
import type { HistoryEvent } from './history-text.ts';
import { type ListedRun, listedRun } from './listed-run.ts';
import { openHumanQuestion } from './open-question.ts';
import { registeredActivities } from './registered-activities.ts';
import { runLink } from './run-link.ts';
import { postMortemOf } from './run-post-mortem.ts';
import { type TimelineEntry, timelineOf } from './run-timeline.ts';

export interface ShownRun extends ListedRun {
  readonly input: unknown;
  /** Markdown, as the run keeps it; null when no worker answered. */
  readonly checklist: string | null;
  /** Why it did not complete. */
  readonly failure: string | null;
  readonly timeline: readonly TimelineEntry[];
  /** Into the Temporal UI; null when the configuration knows none. */
  readonly link: string | null;
  /** Markdown, made of its history. */
  readonly postMortem: string;
  /** What it asks a human at this moment. */
  readonly asks: HumanAskedInMemo | null;
}

interface Where {
  readonly client: Client;
  readonly namespace: string;
}

const CALL_TIMEOUT_MS = 10_000;
/** A query waits for a worker: one that is there answers at once. */
const QUERY_TIMEOUT_MS = 3_000;
/** Of a run that loops the first events are shown. */
const MAX_EVENTS = 5_000;

/** Rejects with WorkflowNotFoundError, and with the server's errors. */
export async function showRun(
  { client, namespace, uiUrl }: Where & { readonly uiUrl: string | null },
  workflowId: string,
): Promise<ShownRun> {
  const run = await describeRun(client, workflowId);
  const [events, checklist, asks] = await Promise.all([
    historyOf({ client, namespace }, run),
    checklistOf(client, workflowId, run.runId),
    run.phase === 'asking' ? askedBy(client, workflowId) : null,
  ]);
  const { input, entries } = timelineOf(events);
  const end = entries.find(({ kind }) => kind === 'end');
  const failed = run.status !== 'running' && run.status !== 'completed';
  const link = uiUrl === null ? null : runLink(uiUrl, namespace, run.workflowId, run.runId);
  const postMortem = postMortemOf(events, { ...run, link, registered: registeredActivities() });
  return {
    ...run,
    input,
    checklist,
    failure: failed ? (end?.detail ?? null) : null,
    timeline: entries,
    link,
    postMortem,
    asks,
  };
}

/** Its state only; rejects with WorkflowNotFoundError. */
export const describeRun = async (client: Client, workflowId: string): Promise<ListedRun> =>
  listedRun(
    await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => client.workflow.getHandle(workflowId).describe()),
  );

async function historyOf({ client, namespace }: Where, { workflowId, runId }: ListedRun): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const token = nextPageToken;
    const page = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        ...(token ? { nextPageToken: token } : {}),
      }),
    );
    events.push(...(page.history?.events ?? []));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken?.length && events.length < MAX_EVENTS);
  return events.slice(0, MAX_EVENTS);
}

async function checklistOf(client: Client, workflowId: string, runId: string): Promise<string | null> {
  try {
    const metadata = await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowId, runId).query<{ currentDetails?: string }>('__temporal_workflow_metadata'),
    );
    return metadata.currentDetails ?? null;
  } catch {
    // No worker, or one that cannot replay the run: what the server knows is shown all the same.
    return null;
  }
}

/** Null as well when it has been answered meanwhile. */
const askedBy = (client: Client, workflowId: string): Promise<HumanAskedInMemo | null> =>
  openHumanQuestion(client, workflowId).then(
    ({ asked }) => asked,
    () => null,
  );
