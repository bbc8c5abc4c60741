/**
 * Explain answers "why did something run, or not?" from what is stored: the event, its record, the episode and the runs. A trigger that
 * is not in the record was filtered; it is asked again, to say why.
 */
import { evaluate } from '../match/evaluate.ts';
import type { Trigger } from '../define-trigger.ts';
import type { EventLog, StoredMessage } from '../nats/port.ts';
import { eventStream } from '../nats/subject.ts';
import { decode } from './decode.ts';
import type { EventRecord, RunRecord } from './disposition.ts';
import type { Episode } from './episode.ts';
import { identityOf } from './ledger.ts';
import type { EpisodeBook, Ledger, RunInfo, Runs } from './ports.ts';
import { triggerSetHash } from './trigger-set.ts';

export interface ExplainOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'get' | 'read'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly book: Pick<EpisodeBook, 'read'>;
  readonly runs: Pick<Runs, 'find' | 'failure'>;
  readonly triggers: readonly Trigger[];
  /** How far back events and records are looked through, ms since 1970. */
  readonly since: number;
}

export interface ExplainedEvent {
  /** Null: stored, and not decided yet. */
  readonly record: EventRecord | null;
  readonly sequence: number;
  readonly storedAt: string;
  readonly title: string;
  /** Triggers that did not want it, each with the reason, by today's rules. */
  readonly filtered: readonly { readonly trigger: string; readonly why: string }[];
  /** The triggers have changed since it was judged: `filtered` may differ from what was true then. */
  readonly rulesChanged: boolean;
}

export interface ExplainedRun extends RunInfo {
  readonly failure: string | null;
}

export interface Explanation {
  readonly query: string;
  readonly region: string;
  readonly events: readonly ExplainedEvent[];
  readonly episode: Episode | null;
  readonly runs: readonly ExplainedRun[];
  /** Closed runs as the sweeper recorded them; they outlive Temporal's retention. */
  readonly closed: readonly RunRecord[];
}

/** One screen: of more events, the newest. */
const MAX_EVENTS = 12;
const MAX_RUNS = 12;

/** `query`: event id, alert key, workflow id, or `label=value`. */
export async function explain(query: string, options: ExplainOptions): Promise<Explanation> {
  const named = await options.runs.find(query).catch(() => null);
  const subject = named?.context?.alertKey ?? named?.context?.event?.id ?? query;
  const records: EventRecord[] = [];
  const closed: RunRecord[] = [];
  for await (const record of options.ledger.read({ since: options.since })) {
    if (record.kind === 'run') closed.push(record);
    else if (concerns(record, subject, query)) records.push(record);
  }
  const known = new Set(records.map(({ position }) => position.sequence));
  const waiting = await unrecorded(options, subject, known);
  const events = [
    ...(await Promise.all(records.slice(-MAX_EVENTS).map((record) => explainRecord(record, options)))),
    ...waiting,
  ].slice(-MAX_EVENTS);
  const alertKey = records.at(-1)?.event.alertKey ?? named?.context?.alertKey ?? subject;
  const ids = workflowIds(records, named);
  return {
    query,
    region: options.region,
    events,
    episode: (await options.book.read(alertKey)).episode,
    runs: await runsOf(ids, options),
    closed: closed.filter(({ workflowId }) => ids.includes(workflowId)),
  };
}

/** True when something was found. */
export const isAnswer = ({ events, episode, runs }: Explanation): boolean =>
  events.length > 0 || episode !== null || runs.length > 0;

function concerns({ event, dispositions }: EventRecord, subject: string, query: string): boolean {
  if (event.id === subject || event.alertKey === subject) return true;
  if (dispositions.some((each) => 'workflowId' in each && each.workflowId === query)) return true;
  const at = query.indexOf('=');
  return at > 0 && event.labels[query.slice(0, at)] === query.slice(at + 1);
}

async function explainRecord(record: EventRecord, options: ExplainOptions): Promise<ExplainedEvent> {
  const { sequence, storedAt } = record.position;
  const message = await options.log.get(record.position.stream, sequence);
  const named = new Set(record.dispositions.map(({ trigger }) => trigger));
  return {
    record,
    sequence,
    storedAt: new Date(storedAt).toISOString(),
    title: record.event.title ?? record.event.type,
    filtered: message === null ? [] : filteredBy(message, options.triggers, named),
    rulesChanged: record.triggerSet !== triggerSetHash(options.triggers),
  };
}

function filteredBy(message: StoredMessage, triggers: readonly Trigger[], named: ReadonlySet<string>) {
  const decoded = decode(message, new Set(triggers.map(({ on }) => on.type)));
  if (!decoded.ok) return [];
  return triggers.flatMap((trigger) => {
    if (named.has(trigger.id)) return [];
    const evaluation = evaluate(trigger, decoded.event);
    return evaluation.kind === 'filtered' ? [{ trigger: trigger.id, why: evaluation.why }] : [];
  });
}

/** Events that are stored and wait to be decided. */
async function unrecorded(
  { log, region, since, triggers }: ExplainOptions,
  subject: string,
  known: ReadonlySet<number>,
): Promise<ExplainedEvent[]> {
  const found: ExplainedEvent[] = [];
  const types = new Set(triggers.map(({ on }) => on.type));
  for await (const message of log.read({ stream: eventStream(region), since })) {
    if (known.has(message.sequence)) continue;
    const decoded = decode(message, types);
    if (!decoded.ok || identityOf({ alertKey: decoded.alert?.alertKey ?? null, id: decoded.event.id }) !== subject)
      continue;
    found.push({
      record: null,
      sequence: message.sequence,
      storedAt: new Date(message.storedAt).toISOString(),
      title: decoded.alert?.title ?? decoded.event.type,
      filtered: filteredBy(message, triggers, new Set()),
      rulesChanged: false,
    });
  }
  return found;
}

function workflowIds(records: readonly EventRecord[], named: RunInfo | null): string[] {
  const ids = records.flatMap(({ dispositions }) =>
    dispositions.flatMap((each) => ('workflowId' in each ? [each.workflowId] : [])),
  );
  return [...new Set([...ids, ...(named === null ? [] : [named.workflowId])])].slice(-MAX_RUNS);
}

async function runsOf(ids: readonly string[], { runs }: ExplainOptions): Promise<ExplainedRun[]> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const run = await runs.find(id);
      if (run === null) return null;
      const over = run.status !== 'running' && run.status !== 'completed';
      return { ...run, failure: over ? await runs.failure(run.workflowId, run.runId) : null };
    }),
  );
  return found.filter((run) => run !== null);
}
