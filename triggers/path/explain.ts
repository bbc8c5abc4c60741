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
import type { Plan } from '../../workflows/kit/plan.ts';
import type { EpisodeBook, Ledger, RunInfo, Runs } from './ports.ts';
import { triggerSetHash } from './trigger-set.ts';

export interface ExplainOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'get' | 'read'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly book: Pick<EpisodeBook, 'read'>;
  readonly runs: Pick<Runs, 'find' | 'failure' | 'plan'>;
  readonly triggers: readonly Trigger[];
  /** How far back events and records are looked through, ms since 1970. */
  readonly since: number;
}

export interface ExplainedEvent {
  /** Null: stored, and not decided yet. */
  readonly record: EventRecord | null;
  readonly sequence: number;
  readonly alertKey: string | null;
  readonly storedAt: string;
  readonly title: string;
  /** Triggers that did not want it, each with the reason, by today's rules. */
  readonly filtered: readonly { readonly trigger: string; readonly why: string }[];
  /** The triggers have changed since it was judged: `filtered` may differ from what was true then. */
  readonly rulesChanged: boolean;
  /** Events just before it of which the same became; they are left out. */
  readonly alike: number;
}

export interface ExplainedRun extends RunInfo {
  readonly failure: string | null;
  /** What it would have done, when it only planned. */
  readonly plan: Plan | null;
}

export interface Explanation {
  readonly query: string;
  readonly region: string;
  readonly events: readonly ExplainedEvent[];
  /** Older events that were found and are left out here. */
  readonly omitted: number;
  readonly episode: Episode | null;
  readonly runs: readonly ExplainedRun[];
  /** Closed runs as the sweeper recorded them; they outlive Temporal's retention. */
  readonly closed: readonly RunRecord[];
}

/** Of more events, the newest. */
const MAX_EVENTS = 12;
const MAX_RUNS = 12;

/** `query`: event id, alert key, workflow id, or `label=value`. */
export async function explain(query: string, options: ExplainOptions): Promise<Explanation> {
  const named = await options.runs.find(query).catch(() => null);
  const wanted = { query, subject: named?.context?.alertKey ?? named?.context?.event?.id ?? query };
  const decided = new Set<number>();
  const records: EventRecord[] = [];
  const closed: RunRecord[] = [];
  for await (const record of options.ledger.read({ since: options.since })) {
    if (record.kind === 'run') closed.push(record);
    else {
      decided.add(record.position.sequence);
      const names = record.dispositions.some((each) => 'workflowId' in each && each.workflowId === query);
      if (names || concerns(record.event, wanted)) records.push(record);
    }
  }
  const waiting = await undecided(options, wanted, decided);
  const recorded = await Promise.all(
    folded(records)
      .slice(-MAX_EVENTS)
      .map((each) => explainRecord(each, options)),
  );
  const events = [...recorded, ...waiting].slice(-MAX_EVENTS);
  const alertKey = records.at(-1)?.event.alertKey ?? waiting.at(-1)?.alertKey ?? wanted.subject;
  const ids = workflowIds(records, named);
  return {
    query,
    region: options.region,
    events,
    omitted: records.length + waiting.length - told(events),
    episode: (await options.book.read(alertKey)).episode,
    runs: await runsOf(ids, options),
    closed: closed.filter(({ workflowId }) => ids.includes(workflowId)),
  };
}

/** Events of which these speak. */
export const told = (events: readonly ExplainedEvent[]): number =>
  events.reduce((sum, { alike }) => sum + 1 + alike, 0);

/** True when something was found. */
export const isAnswer = ({ events, episode, runs }: Explanation): boolean =>
  events.length > 0 || episode !== null || runs.length > 0;

interface Wanted {
  readonly query: string;
  /** Alert key, or id of an event that is its own episode; the query itself unless that names a run. */
  readonly subject: string;
}

function concerns(
  event: Pick<EventRecord['event'], 'id' | 'alertKey' | 'labels'>,
  { query, subject }: Wanted,
): boolean {
  if (event.id === subject || event.alertKey === subject) return true;
  const at = query.indexOf('=');
  return at > 0 && event.labels[query.slice(0, at)] === query.slice(at + 1);
}

interface Folded {
  readonly record: EventRecord;
  readonly alike: number;
}

/** An alert that fires on for hours is told again and again: of a row of events of which the same became, the newest. */
function folded(records: readonly EventRecord[]): Folded[] {
  const rows: Folded[] = [];
  for (const record of records) {
    const last = rows.at(-1);
    if (last !== undefined && outcomeOf(last.record) === outcomeOf(record))
      rows[rows.length - 1] = { record, alike: last.alike + 1 };
    else rows.push({ record, alike: 0 });
  }
  return rows;
}

const outcomeOf = ({ event, episode, dispositions, triggerSet, asked }: EventRecord): string =>
  JSON.stringify([event.alertKey, event.title, event.type, episode, dispositions, triggerSet, asked]);

async function explainRecord({ record, alike }: Folded, options: ExplainOptions): Promise<ExplainedEvent> {
  const { sequence, stream, storedAt } = record.position;
  const message = await options.log.get(stream, sequence);
  const rulesChanged = record.triggerSet !== triggerSetHash(options.triggers);
  return {
    record,
    sequence,
    alertKey: record.event.alertKey,
    storedAt: new Date(storedAt).toISOString(),
    title: record.event.title ?? record.event.type,
    filtered: message === null ? [] : filteredBy(message, options.triggers, record, rulesChanged),
    rulesChanged,
    alike,
  };
}

function filteredBy(
  message: StoredMessage,
  triggers: readonly Trigger[],
  record: EventRecord | null,
  rulesChanged: boolean,
): ExplainedEvent['filtered'] {
  const decoded = decode(message, typesOf(triggers), Date.now());
  if (!decoded.ok) return [];
  return triggers.flatMap((trigger) => {
    if (record?.dispositions.some((each) => each.trigger === trigger.id)) return [];
    const evaluation = evaluate(trigger, decoded.event);
    if (evaluation.kind === 'filtered') return [{ trigger: trigger.id, why: evaluation.why }];
    return rulesChanged ? [{ trigger: trigger.id, why: NEWER }] : [];
  });
}

const NEWER = 'it would want it today; it was not there, or not like this, when the event was judged';

const typesOf = (triggers: readonly Trigger[]): ReadonlySet<string> => new Set(triggers.map(({ on }) => on.type));

/** Events that are stored and wait to be decided. */
async function undecided(
  { log, region, since, triggers }: ExplainOptions,
  wanted: Wanted,
  decided: ReadonlySet<number>,
): Promise<ExplainedEvent[]> {
  const found: ExplainedEvent[] = [];
  const types = typesOf(triggers);
  for await (const message of log.read({ stream: eventStream(region), since })) {
    if (decided.has(message.sequence)) continue;
    const decoded = decode(message, types, Date.now());
    if (!decoded.ok) continue;
    const { event, alert } = decoded;
    const alertKey = alert?.alertKey ?? null;
    if (!concerns({ id: event.id, alertKey, labels: alert?.labels ?? {} }, wanted)) continue;
    found.push({
      record: null,
      sequence: message.sequence,
      alertKey,
      storedAt: new Date(message.storedAt).toISOString(),
      title: alert?.title ?? event.type,
      filtered: filteredBy(message, triggers, null, false),
      rulesChanged: false,
      alike: 0,
    });
  }
  return found;
}

function workflowIds(records: readonly EventRecord[], named: RunInfo | null): string[] {
  const ids = records.flatMap(({ dispositions }) =>
    dispositions.flatMap((each) => {
      if ('workflowId' in each) return [each.workflowId];
      return 'plan' in each && each.plan !== undefined ? [each.plan] : [];
    }),
  );
  return [...new Set([...ids, ...(named === null ? [] : [named.workflowId])])].slice(-MAX_RUNS);
}

async function runsOf(ids: readonly string[], { runs }: ExplainOptions): Promise<ExplainedRun[]> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const run = await runs.find(id);
      if (run === null) return null;
      const over = run.status !== 'running' && run.status !== 'completed';
      const planned = run.context?.mode === 'plan' && run.status === 'completed';
      return {
        ...run,
        failure: over ? await runs.failure(run.workflowId, run.runId) : null,
        plan: planned ? await runs.plan(run.workflowId) : null,
      };
    }),
  );
  return found.filter((run) => run !== null);
}
