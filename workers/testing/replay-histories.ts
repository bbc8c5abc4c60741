/** Recorded histories on the workflow code of today: one that does not replay says that runs in progress would break. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { type ReplayWorkerOptions, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { type Bundle, workflowBundle } from '../bundle.ts';
import { breakingEvents } from './breaking-events.ts';
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
    return await replay(await workflowBundle(dir, pino({ level: 'silent' }), options), recorded);
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
  { codePath, types }: Pick<Bundle, 'codePath' | 'types'>,
  recorded: readonly Recorded[],
  dataConverter?: DataConverter,
): Promise<Replayed[]> {
  const options = { workflowBundle: { codePath }, ...(dataConverter === undefined ? {} : { dataConverter }) };
  // Not left to the replay: it looks for no workflow in the history of a run that no worker has begun.
  const known = recorded.filter((each) => types.has(typeOf(each)));
  const errors = await replayErrors(options, known);
  const broken = known.flatMap((each, index) => {
    const error = errors[index];
    return error === undefined ? [] : [{ ...each, error }];
  });
  const events = await breakingEvents(broken, async (parts) =>
    (await replayErrors(options, parts)).map((error) => error === undefined),
  );
  const problems = new Map(
    broken.map(({ history, error }, index) => [history, problemOf(error, history, events[index] ?? 0)]),
  );
  return recorded.map((each) => ({
    name: each.name,
    problem: types.has(typeOf(each)) ? (problems.get(each.history) ?? null) : goneText(typeOf(each)),
  }));
}

const typeOf = ({ history }: Recorded): string => startOf(history)?.workflowType?.name ?? '';

const startOf = ({ events }: History) => events?.[0]?.workflowExecutionStartedEventAttributes;

const goneText = (type: string): string =>
  `event 1, before the first step: runbook ${type} is not in workflows/index, and no run of it can go on`;

/** In their order; undefined: it replays. */
async function replayErrors(
  options: ReplayWorkerOptions,
  recorded: readonly Recorded[],
): Promise<readonly (Error | undefined)[]> {
  // Ids of parts of a run begin with its own: under another name their history would not replay.
  const named = recorded.map(({ name, history }) => ({
    workflowId: startOf(history)?.workflowId || name,
    history: history as never,
  }));
  const errors: (Error | undefined)[] = [];
  // The SDK takes one after the other.
  for await (const { error } of Worker.runReplayHistories(options, named)) errors.push(error);
  return errors;
}

const problemOf = ({ message }: Error, history: History, event: number): string =>
  `event ${event}, ${stepAt(history, event)}: ${reasonIn(message)}`;

/** The SDK's own words, without the structure that it prints around them. */
function reasonIn(message: string): string {
  const text = /Failure \{ message: "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? message;
  return text.replace(/^\[\w+\] (Nondeterminism error: )?/, '');
}
