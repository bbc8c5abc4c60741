/**
 * Runs that waited for the red button until their execution timeout was over. Their events are not held, they have started something; whoever
 * lifts the stop decides about them as about the backlog: one more attempt from the same event, or nothing.
 */
import type { EventLog } from '../nats/port.ts';
import type { EndedAttempt, Position } from './disposition.ts';
import { positionOf } from './event-record.ts';
import type { EpisodeBook, RunInfo, Runs } from './ports.ts';
import type { Scope } from './stop.ts';
import { belongsTo } from './sweeper.ts';
import { workflowId } from './workflow-id.ts';

export interface EndedRun {
  readonly after: EndedAttempt;
  /** Alert key, or id of an event that is its own episode. */
  readonly key: string;
  readonly trigger: string;
  readonly title: string;
  /** RFC 3339, UTC. */
  readonly endedAt: string;
  /** The event that started it. */
  readonly position: Position;
  /** `open`: nothing has been done about it since. `resolved`: its alert is over. `started`: there is a later attempt. */
  readonly state: 'open' | 'resolved' | 'started';
}

export interface EndedQuery {
  readonly region: string;
  readonly scope: Scope;
  /** Ended since, ms since 1970. */
  readonly since: number;
}

export interface EndedSource {
  readonly log: Pick<EventLog, 'get'>;
  readonly book: Pick<EpisodeBook, 'read'>;
  readonly runs: Pick<Runs, 'closedSince' | 'endedByStop' | 'find'>;
}

/** Between two servers' clocks. */
const CLOCK_SKEW_MS = 60_000;

/** Newest first. Without those whose event has expired. Rejects when a server is away. */
export async function endedByStop(source: EndedSource, { region, scope, since }: EndedQuery): Promise<EndedRun[]> {
  const ended: EndedRun[] = [];
  for await (const run of source.runs.closedSince(since)) {
    // A part of another run ends with that one, which is started again as a whole.
    if (run.status !== 'failed' || run.context?.parent !== undefined || !belongsTo(run, region)) continue;
    const stop = await source.runs.endedByStop(run.workflowId, run.runId);
    if (stop?.scope !== scope) continue;
    const found = await endedRun(source, run);
    if (found !== null) ended.push(found);
  }
  return ended;
}

async function endedRun({ log, book, runs }: EndedSource, run: RunInfo): Promise<EndedRun | null> {
  const { context, closedAt } = run;
  if (context?.event == null || context.trigger === null) return null;
  const { trigger, alertKey, generation, attempt, event } = context;
  const message = await log.get(event.stream, event.sequence);
  // A stream that was made anew counts from one again.
  if (message === null || message.storedAt > run.startedAt + CLOCK_SKEW_MS) return null;
  const key = alertKey ?? `${event.source} ${event.id}`;
  const next = workflowId({ stream: event.stream, trigger, key, generation, attempt: attempt + 1 });
  const started = (await runs.find(next)) !== null;
  return {
    after: { workflowId: run.workflowId, attempt },
    key: alertKey ?? event.id,
    trigger,
    title: event.title ?? event.type,
    endedAt: new Date(closedAt ?? 0).toISOString(),
    position: positionOf(message),
    state: started ? 'started' : (await isOver(book, alertKey, generation)) ? 'resolved' : 'open',
  };
}

async function isOver(book: EndedSource['book'], alertKey: string | null, generation: number): Promise<boolean> {
  if (alertKey === null) return false;
  const { episode } = await book.read(alertKey);
  return episode?.status !== 'open' || episode.generation !== generation;
}
