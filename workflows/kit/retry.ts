/** How a step is tried again, by name: one table, so that a runbook says what it means and nobody tunes numbers in forty places. */

/**
 * - `once`: never. For what a failure says enough about.
 * - `quick`: 3 attempts within seconds. For what somebody waits for.
 * - `steady`: 5 attempts within a minute or so. The default.
 * - `patient`: as long as the step may take, half an hour unless it says otherwise. For what comes back by itself.
 */
export type Retry = keyof typeof RETRIES;

export interface RetryPolicy {
  /** Attempts at most. */
  readonly attempts: number;
  /** Pause before the second attempt, ms; doubles from then on. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Bound on the step with all its attempts, ms, unless it has its own. */
  readonly totalMs: number;
}

const TEN_MINUTES_MS = 600_000;

export const RETRIES = {
  once: { attempts: 1, firstPauseMs: 1_000, longestPauseMs: 1_000, totalMs: TEN_MINUTES_MS },
  quick: { attempts: 3, firstPauseMs: 250, longestPauseMs: 1_000, totalMs: TEN_MINUTES_MS },
  steady: { attempts: 5, firstPauseMs: 1_000, longestPauseMs: 30_000, totalMs: TEN_MINUTES_MS },
  patient: { attempts: 200, firstPauseMs: 2_000, longestPauseMs: 60_000, totalMs: 1_800_000 },
} as const satisfies Readonly<Record<string, RetryPolicy>>;

export const DEFAULT_RETRY: Retry = 'steady';
