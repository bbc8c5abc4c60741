/** What became of a run in a test, and what a test asks of it. */
import { deepStrictEqual } from 'node:assert';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { HistoryEvent } from '../history-text.ts';
import { type TimelineEntry, timelineOf } from '../run-timeline.ts';
import { anonymousHistory } from './anonymous-history.ts';

const UNDO = 'undo: ';

export interface History {
  readonly events?: HistoryEvent[] | null;
}

export interface TestRunEnd<Report> {
  readonly report: Report | null;
  readonly failure: string | null;
  readonly workflowId: string;
}

export class TestRun<Report> {
  /** Null when the run did not complete. */
  readonly report: Report | null;
  /** Message of what ended it; null when it completed. */
  readonly failure: string | null;
  readonly timeline: readonly TimelineEntry[];
  /** Virtual ms from start to end. */
  readonly tookMs: number;
  readonly #history: History;
  readonly #workflowId: string;

  constructor(history: History, { report, failure, workflowId }: TestRunEnd<Report>) {
    this.#history = history;
    this.#workflowId = workflowId;
    this.report = report;
    this.failure = failure;
    this.timeline = timelineOf(history.events ?? []).entries;
    const times = this.timeline.map(({ at }) => Date.parse(at));
    this.tookMs = (times.at(-1) ?? 0) - startOf(history);
  }

  /** Titles of the steps, in order; undos are not among them. */
  get steps(): string[] {
    return this.#titles().filter((title) => !title.startsWith(UNDO));
  }

  /** Titles of the acts that were undone, in the order of undoing. */
  get undone(): string[] {
    return this.#titles()
      .filter((title) => title.startsWith(UNDO))
      .map((title) => title.slice(UNDO.length));
  }

  /** @throws AssertionError with the difference */
  expectSteps(...titles: readonly string[]): void {
    deepStrictEqual(this.steps, titles, `steps${this.#ending()}`);
  }

  /** Nothing was undone when no title is given. @throws AssertionError with the difference */
  expectUndone(...titles: readonly string[]): void {
    deepStrictEqual(this.undone, titles, `undone${this.#ending()}`);
  }

  /** Writes its history for `replayHistories` and `tocsin replay`, without what names this machine. */
  record(file: string): void {
    mkdirSync(dirname(file), { recursive: true });
    // It is replayed under the name of its file, with which the ids of its children have to begin.
    const text = historyToJSON(this.#history as Parameters<typeof historyToJSON>[0]).replaceAll(
      `"${this.#workflowId}/`,
      () => `"${basename(file)}/`,
    );
    const history = anonymousHistory(JSON.parse(text));
    writeFileSync(file, `${JSON.stringify(history, null, 1)}\n`);
  }

  #titles(): string[] {
    return this.timeline.filter(({ kind }) => kind === 'step').map(({ title }) => title);
  }

  #ending(): string {
    return this.failure === null ? '' : ` (the run failed: ${this.failure})`;
  }
}

const startOf = (history: History): number => {
  const time = history.events?.[0]?.eventTime;
  return Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6);
};
