/**
 * Runs of all regions that were started lately, for whoever looks for loops: this process's own at once, those of others from Temporal's
 * visibility, which lags behind by a moment and is asked anew before a start that may be part of a loop. What cannot be asked for is missing; then
 * a loop may get one effect further.
 */
import type { Logger } from 'pino';
import type { RecentRun } from './loop.ts';
import type { RunInfo, Runs } from './ports.ts';

export interface RecentRuns {
  /** Look now, and go on looking. Never rejects. */
  start(): Promise<void>;
  list(): readonly RecentRun[];
  /** Look now. Never rejects. */
  refresh(): Promise<void>;
  /** A run this process has just started. */
  note(run: RecentRun): void;
  close(): void;
}

export interface RecentRunsOptions {
  readonly runs: Pick<Runs, 'startedSince'>;
  /** A run may be the cause of an event for this long, ms. */
  readonly withinMs: number;
  readonly logger: Logger;
  readonly now?: () => number;
}

const LOOK_EVERY_MS = 2_000;
/** Asked for again each time: visibility may show a run this much later than another. */
const OVERLAP_MS = 15_000;
const MAX_RUNS = 5_000;

export function createRecentRuns({ runs, withinMs, logger, now = Date.now }: RecentRunsOptions): RecentRuns {
  const known = new Map<string, RecentRun>();
  let since = now() - withinMs;
  let looking: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const note = (run: RecentRun): void => {
    known.set(run.workflowId, run);
  };
  const forget = (): void => {
    const oldest = now() - withinMs;
    for (const [id, { startedAt }] of known) if (startedAt < oldest) known.delete(id);
    for (const id of known.keys()) {
      if (known.size <= MAX_RUNS) break;
      known.delete(id);
    }
  };
  const lookNow = async (): Promise<void> => {
    const asked = now();
    try {
      for await (const run of runs.startedSince(Math.max(since, asked - withinMs))) {
        const recent = toRecent(run);
        if (recent !== null && !known.has(recent.workflowId)) note(recent);
      }
      since = asked - OVERLAP_MS;
    } catch (error) {
      logger.debug({ err: error }, 'runs started lately could not be listed');
    } finally {
      forget();
      looking = null;
    }
  };
  const look = (): Promise<void> => (looking ??= lookNow());
  return {
    start: async () => {
      await look();
      if (!closed) timer ??= setInterval(() => void look(), LOOK_EVERY_MS);
    },
    list: () => {
      const oldest = now() - withinMs;
      return [...known.values()].filter(({ startedAt }) => startedAt >= oldest);
    },
    refresh: async () => {
      // One that has begun already may have been asked too early.
      await looking;
      await look();
    },
    note,
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}

function toRecent({ workflowId, startedAt, context }: RunInfo): RecentRun | null {
  if (context?.trigger === null || context?.trigger === undefined) return null;
  const { trigger, region, service, alertKey, lineage } = context;
  return { workflowId, trigger, region, service, alertKey, startedAt, depth: lineage?.depth ?? 0 };
}
