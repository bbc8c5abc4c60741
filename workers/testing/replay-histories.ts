/** Recorded histories on the workflow code of today: one that does not replay says that runs in progress would break. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { workflowBundle } from '../bundle.ts';
import { stepAt } from './step-at.ts';
import type { History } from './test-run.ts';

export interface Replayed {
  /** File, or workflow id. */
  readonly name: string;
  /** Null: it replays. Else the event and the step from which on the code goes another way. */
  readonly problem: string | null;
}

export interface Recorded {
  readonly name: string;
  readonly history: History;
}

/**
 * All `.json` files of a folder.
 *
 * @throws TypeError when it holds none: nothing would be proven
 */
export async function replayHistories(
  folder: string,
  { workflows }: { readonly workflows?: string } = {},
): Promise<readonly Replayed[]> {
  const recorded = readHistories(folder);
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-replay-'));
  try {
    const options = workflows === undefined ? {} : { workflows };
    const { codePath } = await workflowBundle(dir, pino({ level: 'silent' }), options);
    return await replay(codePath, recorded);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @throws TypeError when there is none, or one that cannot be read */
export function readHistories(folder: string): readonly Recorded[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
  if (files.length === 0) throw new TypeError(`${folder} holds no recorded history; expected *.json files`);
  return files.toSorted().map((name) => {
    try {
      return { name, history: historyFromJSON(JSON.parse(readFileSync(join(folder, name), 'utf8'))) };
    } catch (error) {
      throw new TypeError(`${join(folder, name)} is no recorded history: ${String(error)}`, { cause: error });
    }
  });
}

export async function replay(
  codePath: string,
  recorded: readonly Recorded[],
  dataConverter?: DataConverter,
): Promise<Replayed[]> {
  const byRun = new Map(recorded.map((each) => [startOf(each)?.originalExecutionRunId, each]));
  const options = { workflowBundle: { codePath }, ...(dataConverter === undefined ? {} : { dataConverter }) };
  // Ids of parts of a run begin with its own: under another name their history would not replay.
  const named = recorded.map((each) => ({
    workflowId: startOf(each)?.workflowId || each.name,
    history: each.history as never,
  }));
  const replayed: Replayed[] = [];
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(options, named)) {
    const { name = workflowId, history = {} } = byRun.get(runId) ?? {};
    replayed.push({ name, problem: error === undefined ? null : problemOf(error, history) });
  }
  return replayed;
}

const startOf = ({ history }: Recorded) => history.events?.[0]?.workflowExecutionStartedEventAttributes;

function problemOf(error: Error, history: History): string {
  const event = /\bid: (\d+)/.exec(error.message)?.[1];
  if (event === undefined) return error.message;
  const step = stepAt(history, Number(event));
  return `event ${event}${step === null ? '' : `, step ${JSON.stringify(step)}`}: ${error.message}`;
}
