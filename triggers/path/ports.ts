/**
 * What the path needs from outside, besides the events log: the book, the ledger, the dead letters and the engine. Every
 * implementation is a plain object of functions, so that a test can wrap each method of each port and kill the process there.
 */
import type { Plan } from '../../workflows/kit/plan.ts';
import type { RunContext, RunEvent } from '../../workflows/kit/run-context.ts';
import type { StoredMessage } from '../nats/port.ts';
import type { EventRecord, LedgerRecord, Position, RunRecord } from './disposition.ts';
import type { Episode } from './episode.ts';
import type { Stop } from './stop.ts';

export interface EpisodeBook {
  /** Read from the leader; `revision` 0 when there is no record. */
  read(alertKey: string): Promise<{ readonly episode: Episode | null; readonly revision: number }>;
  /** Compare-and-set; rejects with Conflict when the revision is no longer current. */
  write(episode: Episode, revision: number): Promise<number>;
}

export interface Ledger {
  /** The record of this event, if one is stored. `identity`: alert key, or event id without one. */
  find(identity: string, position: Position): Promise<EventRecord | null>;
  /** Store unless a record of the same event is stored already (first wins). */
  record(record: EventRecord): Promise<'recorded' | 'already'>;
  /** Store once per (workflow id, run id, outcome). */
  recordRun(record: RunRecord): Promise<'recorded' | 'already'>;
  /** Every record stored at or after `since` (ms since 1970), oldest first; `identity` narrows to one alert key or event id. */
  read(options: { readonly since?: number; readonly identity?: string }): AsyncIterable<LedgerRecord>;
  /** Rejects when the ledger cannot be written now, or speaks of an events stream before the present one. */
  probe(): Promise<void>;
}

export interface DeadLetter {
  readonly trigger: string;
  readonly reason: string;
  readonly message: string;
  readonly original: StoredMessage;
  readonly deliveryCount: number;
  readonly recordedBy: string;
}

export interface StoredDeadLetter extends Omit<DeadLetter, 'original'> {
  /** Sequence in the dead-letter stream: what operators name it by. */
  readonly id: number;
  readonly storedAt: number;
  readonly original: {
    readonly stream: string;
    readonly sequence: number;
    readonly subject: string;
    readonly storedAt: number;
  };
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

export interface DeadLetters {
  /** Resolves after the letter is stored; once per (event, trigger). */
  bury(letter: DeadLetter): Promise<void>;
  list(): AsyncIterable<StoredDeadLetter>;
  show(id: number): Promise<StoredDeadLetter | null>;
  /** Publish the original bytes again for this trigger, under the operator's time, then take the letter out. */
  redrive(id: number): Promise<void>;
  discard(id: number): Promise<void>;
}

/** Counts how often a process died with a message in hand, and how often handling it failed by itself; deliveries count as neither. */
export interface Attempts {
  /** Note that this process takes the message; resolves to how many have died on it before. */
  begin(position: Position): Promise<number>;
  /** Note that it was given back alive. */
  end(position: Position): Promise<void>;
  /** Note that handling it failed with every server there; resolves to how often that has happened, this time included. */
  fail(position: Position): Promise<number>;
}

export interface StartRequest {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly input: unknown;
  readonly context: RunContext;
  readonly executionTimeoutMs: number;
  /** One line for the UI. */
  readonly summary: string;
}

export type StartResult =
  | { readonly kind: 'started'; readonly runId: string }
  /** The id was taken. `byThisEvent`: by an earlier delivery of the very same event. */
  | {
      readonly kind: 'already';
      readonly byThisEvent: boolean;
      readonly runId: string;
      readonly status: 'running' | 'done' | 'failed';
    };

export interface Engine {
  /** Rejects with EngineUnavailable (retry later) or EngineRefused (permanent). */
  start(request: StartRequest): Promise<StartResult>;
  /** Tell a run its alert is resolved; false when it is closed or unknown. */
  signalResolved(workflowId: string, resolvedBy: Position): Promise<boolean>;
  /** Tell a run of an event that names it; false when it is closed or unknown. Rejects as `start` does. */
  signalEvent(workflowId: string, event: RunEvent): Promise<boolean>;
  ping(): Promise<void>;
}

export type RunStatus = 'running' | 'completed' | 'failed' | 'terminated' | 'canceled' | 'timed-out';

export interface RunInfo {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly closedAt: number | null;
  /** Why it exists; null for a workflow that is not a run of ours. */
  readonly context: RunContext | null;
}

/** Runs of triggers; these and runs that people started; Tocsin's own workflows. */
export type Whose = 'triggers' | 'runs' | 'engine';

/** Runs as Temporal knows them. Lists come from visibility, which lags behind by a moment; a single run is exact. */
export interface Runs {
  /** Null when there is no such run, or its retention is over. */
  find(workflowId: string): Promise<RunInfo | null>;
  /** Runs that triggers started, by start time. */
  startedSince(since: number): AsyncIterable<RunInfo>;
  /** What is closed, by close time; of the engine only what did not complete. Default: of triggers. */
  closedSince(since: number, whose?: Whose): AsyncIterable<RunInfo>;
  /** What is open and started before this instant. Default: of triggers. */
  openBefore(before: number, whose?: Whose): AsyncIterable<RunInfo>;
  /** Runs that wait for the red button, also those that people started. */
  stopped(): AsyncIterable<RunInfo>;
  /** Why a closed run did not complete; null when it says nothing. */
  failure(workflowId: string, runId: string): Promise<string | null>;
  /** The red button that a closed run waited for until its time was over; null when it ended otherwise. */
  endedByStop(workflowId: string, runId: string): Promise<Stop | null>;
  /** When the server will end an open run, ms since 1970; null for one that is closed, or has no end. */
  endsAt(workflowId: string): Promise<number | null>;
  /** The plan that a completed run made, if that is all it did. */
  plan(workflowId: string): Promise<Plan | null>;
  /** A sentence when an open run cannot go on by itself (its workflow task fails again and again), else null. */
  stuck(workflowId: string): Promise<string | null>;
  /** How long Temporal keeps a closed run, milliseconds. */
  retentionMs(): Promise<number>;
}
