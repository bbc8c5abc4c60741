/** How a run ended that met a fault: of itself, before its bound, with a post-mortem that says what a human needs to know. */
import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import type { HistoryEvent } from '../../workers/history-text.ts';
import { timelineOf } from '../../workers/run-timeline.ts';
import { cli } from './cli.ts';
import { until } from './until.ts';

export interface FaultEnd {
  readonly ends: 'completed' | 'failed' | 'timed_out';
  /** First of the post-mortem's failed steps, without its time. */
  readonly failed?: RegExp;
  readonly done: readonly string[];
  readonly undone: readonly string[];
  /** What a human reads: in the status line or in `To do`. */
  readonly human?: RegExp;
}

/** What Temporal takes as one payload, with room: output never gets near it. */
const MAX_HISTORY_BYTES = 500_000;

/** Judges a run that has ended; resolves to its post-mortem. `pid 1234` of a session is `pid N` in what is compared. */
export async function judgeFault(
  { client, env }: { readonly client: Client; readonly env: NodeJS.ProcessEnv },
  workflowId: string,
  { ends, failed, done, undone, human }: FaultEnd,
): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  const { code, stdout, stderr } = await cli(env, 'runs', 'show', workflowId, '--markdown');
  assert.equal(code, 0, `${stdout}${stderr}`);
  const page = stdout.replaceAll(/pid \d+/g, 'pid N');
  // The server ends a run that goes beyond its bound, as `TIMED_OUT`.
  assert.equal((await handle.describe()).status.name, ends.toUpperCase(), page);
  const { events } = await handle.fetchHistory();
  assert.ok(JSON.stringify(events).length < MAX_HISTORY_BYTES);
  assert.deepEqual(section(page, 'Done').toSorted(), done.toSorted(), page);
  assert.deepEqual(section(page, 'Undone').toSorted(), undone.toSorted(), page);
  if (failed !== undefined) assert.match(section(page, 'Failed')[0] ?? '', failed, page);
  if (human !== undefined) assert.match(page, human);
  return page;
}

/** The lines of one section of a post-mortem, without their times. */
export function section(page: string, name: string): string[] {
  const [, text = ''] = new RegExp(`## ${name}\\n\\n((?:- .*\\n?)*)`).exec(page) ?? [];
  return [...text.matchAll(/^- (?:[\d:]+Z )?(.*)$/gm)].map(([, line = '']) => line);
}

/** Resolves when it has ended, however. */
export const ended = (client: Client, workflowId: string): Promise<void> =>
  client.workflow
    .getHandle(workflowId)
    .result()
    .then(
      () => undefined,
      () => undefined,
    );

/** Resolves when an activity has come to its end in it. */
export const untilCalled = (client: Client, workflowId: string, activity: string): Promise<true> =>
  until(`${activity} has come to its end`, async () => {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const { entries } = timelineOf((events ?? []) as HistoryEvent[]);
    return entries.some((entry) => entry.activity === activity && entry.outcome === 'ok');
  });
