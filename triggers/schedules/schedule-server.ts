/** What the reconciler needs of the server that fires: one schedule for each definition, with its names beside it. */
import type { CompiledSchedule } from './compiled-schedule.ts';
import type { ScheduleNames, ScheduleSpec } from './schedule-names.ts';

export interface StoredSchedule {
  readonly id: string;
  readonly names: ScheduleNames;
  readonly spec: ScheduleSpec;
  /** A sentence when somebody paused it, else null. */
  readonly paused: string | null;
  /** The last instant that was acted on, seconds since 1970; null: none yet. */
  readonly lastFired: number | null;
  /** The next instants, seconds since 1970; at most ten. */
  readonly next: readonly number[];
}

/** Rejects with EngineUnavailable while the server is away. */
export interface ScheduleServer {
  /** Ids of the schedules that are ours. */
  list(): Promise<readonly string[]>;
  /** Null when there is none, or one that somebody else made under this id. */
  read(id: string): Promise<StoredSchedule | null>;
  create(compiled: CompiledSchedule): Promise<void>;
  /** Replaces instants and names; discards what is due and not yet acted on. */
  update(compiled: CompiledSchedule): Promise<void>;
  /** Acts on every instant in (from, to], seconds since 1970. */
  backfill(id: string, from: number, to: number): Promise<void>;
  pause(id: string, why: string): Promise<void>;
  resume(id: string, why: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** The instants in (from, to] at which the server itself says that it will act. */
  matching(id: string, from: number, to: number): Promise<readonly number[]>;
}
