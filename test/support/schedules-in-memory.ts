/** A server of schedules in memory, which can be away and tells what was asked of it. */
import type { CompiledSchedule } from '../../triggers/schedules/compiled-schedule.ts';
import type { ScheduleServer, StoredSchedule } from '../../triggers/schedules/schedule-server.ts';

export interface SchedulesInMemory extends ScheduleServer {
  /** Calls that reject while it is set. */
  away: boolean;
  readonly stored: ReadonlyMap<string, StoredSchedule>;
  /** `create nightly`, `update nightly`, in order. */
  readonly changes: readonly string[];
  /** How often it was asked for anything. */
  readonly calls: () => number;
}

export function schedulesInMemory(): SchedulesInMemory {
  const stored = new Map<string, StoredSchedule>();
  const changes: string[] = [];
  let calls = 0;
  const answer = <T>(work: () => T): Promise<T> => {
    calls += 1;
    return server.away ? Promise.reject(new Error('the server is away')) : Promise.resolve(work());
  };
  const write = (what: string, compiled: CompiledSchedule): Promise<void> =>
    answer(() => {
      const id = compiled.names.schedule;
      changes.push(`${what} ${id}`);
      stored.set(id, { id, ...compiled, paused: null, lastFired: null, next: [] });
    });
  const noted = (what: string, id: string): Promise<void> => answer(() => void changes.push(`${what} ${id}`));
  const server: SchedulesInMemory = {
    away: false,
    stored,
    changes,
    calls: () => calls,
    list: () => answer(() => [...stored.keys()]),
    read: (id) => answer(() => stored.get(id) ?? null),
    create: (compiled) => write('create', compiled),
    update: (compiled) => write('update', compiled),
    backfill: (id) => noted('backfill', id),
    pause: (id) => noted('pause', id),
    resume: (id) => noted('resume', id),
    remove: (id) => noted('remove', id),
    matching: () => answer(() => []),
  };
  return server;
}
