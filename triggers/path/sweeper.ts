/**
 * The sweeper (R11) looks at runs from outside, because a run that was terminated or cannot go on cannot report itself. It records every
 * closed run in the ledger once, notes failures in the episode book for `onFailure`, and finds runs that are stuck. Tocsin's own workflows
 * are recorded when they did not complete.
 */
import type { Logger } from 'pino';
import { eventStream } from '../nats/subject.ts';
import { changeEpisode } from './change-episode.ts';
import type { RunOutcome, RunRecord } from './disposition.ts';
import { meaningOf } from './failure.ts';
import type { EpisodeBook, Ledger, RunInfo, Runs, Whose } from './ports.ts';

export interface SweeperOptions {
  /** Region whose runs are swept: of its events, and of people in it. */
  readonly region: string;
  readonly runs: Runs;
  /** Whether it looks at Tocsin's own workflows as well, which belong to no region: true in one region of a set-up. Default false. */
  readonly engine?: boolean;
  readonly ledger: Pick<Ledger, 'recordRun'>;
  readonly book: EpisodeBook;
  readonly logger: Logger;
  readonly everyMs: number;
  /** How far back closed runs are looked for: by the first sweep, and by one each hour. */
  readonly windowMs: number;
  /** Told once about each run that did not complete. */
  readonly onFailed?: (record: RunRecord) => void;
  /** Told after each pass that looked at every run. */
  readonly onSwept?: () => void;
  readonly now?: () => number;
}

export interface Sweeper {
  start(): void;
  /** One pass; resolves to what was recorded for the first time. Rejects when a server is away. */
  sweep(): Promise<readonly RunRecord[]>;
  close(): Promise<void>;
}

/** Visibility may show a closed run this much later; what comes later still is found by the sweep over the whole window. */
const OVERLAP_MS = 120_000;
const WHOLE_WINDOW_EVERY_MS = 3_600_000;
/** A run younger than this is not suspected of being stuck. */
const STUCK_AFTER_MS = 30_000;
/** Open runs asked about by one sweep; the next sweep goes on with the others. */
const MAX_ASKED = 200;
const MAX_SEEN = 20_000;

export function createSweeper(options: SweeperOptions): Sweeper {
  const now = options.now ?? Date.now;
  /** Outcomes recorded by this process, so that the overlap costs nothing. */
  const seen = new Set<string>();
  /** Open runs asked about since all of them were. */
  const asked = new Set<string>();
  let from = now() - options.windowMs;
  let wholeWindowAt = now();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;
  /** Null: the last one did not fail. */
  let failedWith: string | null = null;

  const record = async (run: RunInfo, outcome: RunOutcome, detail: string | null): Promise<RunRecord | null> => {
    const entry: RunRecord = {
      kind: 'run',
      workflowId: run.workflowId,
      runId: run.runId,
      workflowType: run.workflowType,
      trigger: run.context?.trigger ?? null,
      outcome,
      detail,
      closedAt: run.closedAt === null ? null : new Date(run.closedAt).toISOString(),
      recordedAt: new Date(now()).toISOString(),
    };
    if (FAILED.has(outcome))
      await noteFailure(options.book, run, run.closedAt ?? now()).catch((error: unknown) => {
        if (meaningOf(error) !== 'suspect') throw error;
        // A record of the book that is none of ours must not keep a failed run from people.
        options.logger.error({ err: error, workflowId: run.workflowId }, 'failed run cannot be noted in its episode');
      });
    const stored = await options.ledger.recordRun(entry);
    if (seen.size >= MAX_SEEN) seen.clear();
    seen.add(seenKey(run, outcome));
    if (stored === 'already') return null;
    const { kind: _kind, ...fields } = entry;
    const line = { ...fields, region: options.region, eventId: run.context?.event?.id ?? null };
    if (!FAILED.has(outcome) && outcome !== 'stuck') options.logger.info(line, `run ${outcome}`);
    else {
      options.logger.error(line, `run ${outcome}, needs a human`);
      options.onFailed?.(entry);
    }
    return entry;
  };

  const ours = async function* (list: (whose: Whose) => AsyncIterable<RunInfo>): AsyncGenerator<RunInfo> {
    for await (const run of list('runs')) if (belongsTo(run, options.region)) yield run;
    if (options.engine === true) yield* list('engine');
  };

  const sweepClosed = async (since: number): Promise<RunRecord[]> => {
    const recorded: RunRecord[] = [];
    const failed: unknown[] = [];
    for await (const run of ours((whose) => options.runs.closedSince(since, whose))) {
      const { status } = run;
      if (status === 'running' || seen.has(seenKey(run, status))) continue;
      try {
        const detail = status === 'completed' ? null : await options.runs.failure(run.workflowId, run.runId);
        const entry = await record(run, status, detail);
        if (entry !== null) recorded.push(entry);
      } catch (error) {
        // One that cannot be recorded must not hide those behind it; the sweep is repeated for it.
        failed.push(error);
      }
    }
    if (failed.length === 1) throw failed[0];
    if (failed.length > 1) throw new AggregateError(failed, `${failed.length} closed runs could not be recorded`);
    return recorded;
  };

  const sweepOpen = async (before: number): Promise<RunRecord[]> => {
    const recorded: RunRecord[] = [];
    let left = MAX_ASKED;
    for await (const run of ours((whose) => options.runs.openBefore(before, whose))) {
      if (asked.has(run.runId) || seen.has(seenKey(run, 'stuck'))) continue;
      if (left === 0) return recorded;
      left -= 1;
      if (asked.size >= MAX_SEEN) asked.clear();
      asked.add(run.runId);
      const why = await options.runs.stuck(run.workflowId);
      const entry = why === null ? null : await record(run, 'stuck', why);
      if (entry !== null) recorded.push(entry);
    }
    asked.clear();
    return recorded;
  };

  const sweep = async (): Promise<RunRecord[]> => {
    const begun = now();
    const whole = begun - wholeWindowAt >= WHOLE_WINDOW_EVERY_MS;
    const recorded = await sweepClosed(whole ? Math.min(from, begun - options.windowMs) : from);
    recorded.push(...(await sweepOpen(begun - STUCK_AFTER_MS)));
    from = begun - OVERLAP_MS;
    if (whole) wholeWindowAt = begun;
    options.onSwept?.();
    return recorded;
  };

  /** Once per reason, not per sweep. */
  const whenFailed = (error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error);
    const line = { err: error, region: options.region };
    if (why === failedWith) options.logger.debug(line, 'sweep failed again');
    else options.logger.warn(line, 'sweep failed, will be repeated');
    failedWith = why;
  };
  const loop = (): void => {
    running = sweep()
      .then(() => (failedWith = null), whenFailed)
      .then(() => {
        if (!closed) timer = setTimeout(loop, options.everyMs);
      });
  };
  return {
    start: loop,
    sweep,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const FAILED: ReadonlySet<RunOutcome> = new Set(['failed', 'terminated', 'timed-out']);

const seenKey = ({ runId }: RunInfo, outcome: RunOutcome): string => `${runId} ${outcome}`;

/** Whether an event of this region started it, or a person in this region. */
export const belongsTo = ({ context }: RunInfo, region: string): boolean =>
  context?.event ? context.event.stream === eventStream(region) : context?.region === region;

/** `onFailure: again` is judged by the planner on the next firing; what it needs to know is when the run failed. */
async function noteFailure(book: EpisodeBook, run: RunInfo, failedAt: number): Promise<void> {
  const { trigger = null, alertKey = null } = run.context ?? {};
  if (trigger === null || alertKey === null) return;
  await changeEpisode(book, alertKey, (episode) => {
    const decision = episode.triggers[trigger];
    if (decision?.workflowId !== run.workflowId || decision.failedAt !== undefined) return null;
    return { ...episode, triggers: { ...episode.triggers, [trigger]: { ...decision, failedAt } } };
  });
}
