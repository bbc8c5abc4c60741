/**
 * The audit proves the promise for one region: every stored event is recorded or pending, every `started` has its run, every run of a
 * trigger has its record. Reads in an order in which a busy system gives no false alarm; `repair` adopts runs whose record is missing.
 */
import type { EventLog } from '../nats/port.ts';
import { LANES, eventStream, laneConsumer } from '../nats/subject.ts';
import type { Disposition, EventRecord } from './disposition.ts';
import type { Ledger, RunInfo, Runs } from './ports.ts';

export interface AuditOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'consumerState' | 'get' | 'read' | 'streamState'>;
  readonly ledger: Ledger;
  readonly runs: Runs;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly repair: boolean;
  /** Who repairs, for the record. */
  readonly instance: string;
  readonly now?: () => number;
}

export interface Offender {
  readonly kind: 'acked-without-record' | 'started-without-run' | 'run-without-record' | 'run-not-in-its-record';
  /** What it concerns: `<stream> #<sequence>` or a workflow id. */
  readonly what: string;
  readonly detail: string;
  readonly repaired: boolean;
}

export interface AuditReport {
  readonly region: string;
  readonly since: string;
  readonly counts: {
    /** Events stored since then, and what became of them: stored = recorded + pending. */
    readonly stored: number;
    readonly recorded: number;
    readonly pending: number;
    readonly started: number;
    readonly runs: number;
  };
  readonly offenders: readonly Offender[];
  readonly ok: boolean;
}

const FIND_AT_ONCE = 20;
/** Visibility shows a run this much later; younger ones are not looked for there. */
const VISIBILITY_LAG_MS = 10_000;
/** A record may carry a time this much before its event's: the streams may be led by servers whose clocks differ. */
const CLOCK_SKEW_MS = 60_000;

export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { region, log, since, now = Date.now } = options;
  const begun = now();
  const before = await acknowledged(log, region);
  const events = await storedEvents(options, before.lastSequence);
  const records = await recordsSince(options);
  const unrecorded = [...events].flatMap(([lane, sequences]) =>
    sequences.filter((sequence) => !records.recorded.has(sequence)).map((sequence) => ({ sequence, lane })),
  );
  const stored = [...events.values()].reduce((sum, sequences) => sum + sequences.length, 0);
  const lost = unrecorded.filter((event) => before.settled(event));
  const started = startedIn([...records.starting.values()]).filter(({ recordedAt }) => recordedAt >= since);
  const runs = await runsOfRegion(options, begun - VISIBILITY_LAG_MS);
  const unlisted = await runsWithoutRecord(options, runs, records.starting, before);
  const offenders = [
    ...lost.map((event) => ackedWithoutRecord(event, region, unlisted.adopted)),
    ...(await startedWithoutRun(options, started)),
    ...unlisted.offenders,
  ];
  return {
    region,
    since: new Date(since).toISOString(),
    counts: {
      stored,
      recorded: stored - unrecorded.length,
      pending: unrecorded.length - lost.length,
      started: started.length,
      runs: runs.length,
    },
    offenders,
    ok: offenders.every(({ repaired }) => repaired),
  };
}

interface StoredAt {
  readonly sequence: number;
  readonly lane: string;
}

interface Acknowledged {
  /** True when the event's lane has acknowledged everything up to it. */
  settled(event: StoredAt): boolean;
  readonly lastSequence: number;
}

/** Read first: what is acknowledged now has its record by the time the ledger is read. */
async function acknowledged(log: AuditOptions['log'], region: string): Promise<Acknowledged> {
  const floors = new Map<string, number>();
  for (const lane of LANES) {
    const state = await log.consumerState(eventStream(region), laneConsumer(lane));
    floors.set(lane, state.ackFloor);
  }
  const { lastSequence } = await log.streamState(eventStream(region));
  return { settled: ({ sequence, lane }) => sequence <= (floors.get(lane) ?? 0), lastSequence };
}

/** Sequences by lane: a number for each event, because there may be millions. */
async function storedEvents(
  { log, region, since }: AuditOptions,
  last: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>();
  for await (const { sequence, subject } of log.read({ stream: eventStream(region), since })) {
    if (sequence > last) continue;
    const lane = laneOf(subject);
    const sequences = found.get(lane);
    if (sequences === undefined) found.set(lane, [sequence]);
    else sequences.push(sequence);
  }
  return found;
}

const laneOf = (subject: string): string => subject.split('.')[2] ?? '';

interface Recorded {
  /** Sequences of all events that have a record. */
  readonly recorded: ReadonlySet<number>;
  /** The records themselves of those that started something; any other is looked up when a run names its event. */
  readonly starting: ReadonlyMap<number, EventRecord>;
}

async function recordsSince({ ledger, region, since }: AuditOptions): Promise<Recorded> {
  const recorded = new Set<number>();
  const starting = new Map<number, EventRecord>();
  for await (const record of ledger.read({ since: Math.max(0, since - CLOCK_SKEW_MS) })) {
    if (record.kind !== 'event' || record.position.stream !== eventStream(region)) continue;
    recorded.add(record.position.sequence);
    if (record.dispositions.some(({ kind }) => kind === 'started')) starting.set(record.position.sequence, record);
  }
  return { recorded, starting };
}

const ackedWithoutRecord = ({ sequence, lane }: StoredAt, region: string, adopted: ReadonlySet<number>): Offender => ({
  kind: 'acked-without-record',
  what: `${eventStream(region)} #${sequence}`,
  detail: `lane ${lane} has acknowledged it, and the ledger has no record of it`,
  repaired: adopted.has(sequence),
});

type Started = Extract<Disposition, { kind: 'started' }> & { readonly recordedAt: number };

const startedIn = (records: readonly EventRecord[]): Started[] =>
  records.flatMap(({ dispositions, recordedAt }) =>
    dispositions.flatMap((each) => (each.kind === 'started' ? [{ ...each, recordedAt: Date.parse(recordedAt) }] : [])),
  );

async function startedWithoutRun(
  { runs, now = Date.now }: AuditOptions,
  started: readonly Started[],
): Promise<Offender[]> {
  if (started.length === 0) return [];
  const kept = now() - (await runs.retentionMs());
  const offenders: Offender[] = [];
  for (let from = 0; from < started.length; from += FIND_AT_ONCE) {
    const batch = started.slice(from, from + FIND_AT_ONCE).map(async ({ workflowId, trigger, recordedAt }) => {
      // A run that is older than the retention may be gone, rightly.
      if (recordedAt < kept || (await runs.find(workflowId)) !== null) return;
      offenders.push({
        kind: 'started-without-run',
        what: workflowId,
        detail: `trigger ${trigger} is recorded to have started it, and Temporal does not know it`,
        repaired: false,
      });
    });
    await Promise.all(batch);
  }
  return offenders;
}

async function runsOfRegion({ runs, region, since }: AuditOptions, until: number): Promise<RunInfo[]> {
  const found: RunInfo[] = [];
  for await (const run of runs.startedSince(since))
    if (run.context?.event?.stream === eventStream(region) && run.startedAt <= until) found.push(run);
  return found;
}

async function runsWithoutRecord(
  options: AuditOptions,
  runs: readonly RunInfo[],
  starting: ReadonlyMap<number, EventRecord>,
  before: Acknowledged,
): Promise<{ readonly offenders: readonly Offender[]; readonly adopted: ReadonlySet<number> }> {
  const offenders: Offender[] = [];
  const adopted = new Set<number>();
  const orphans = new Map<number, RunInfo[]>();
  for (const run of runs) {
    const event = run.context?.event;
    if (event === null || event === undefined) continue;
    const { sequence, id, stream } = event;
    const identity = run.context?.alertKey ?? id;
    const record = starting.get(sequence) ?? (await options.ledger.find(identity, { stream, sequence, storedAt: 0 }));
    if (record === null) orphans.set(sequence, [...(orphans.get(sequence) ?? []), run]);
    else if (!names(record, run) && !isOvertaken(record, run)) offenders.push(notInItsRecord(run, record));
  }
  for (const [sequence, siblings] of orphans) {
    const message = await options.log.get(eventStream(options.region), sequence);
    // Started and not recorded yet: the event comes back until it is, and its other triggers with it. Not ours to adopt.
    if (message !== null && !before.settled({ sequence, lane: laneOf(message.subject) })) continue;
    if (options.repair) {
      await options.ledger.record(adoptedRecord(siblings, message?.storedAt ?? null, options));
      adopted.add(sequence);
    }
    for (const { workflowId } of siblings)
      offenders.push({
        kind: 'run-without-record',
        what: workflowId,
        detail: `started by ${eventStream(options.region)} #${sequence}, of which the ledger has no record`,
        repaired: options.repair,
      });
  }
  return { offenders, adopted };
}

const names = ({ dispositions }: EventRecord, { workflowId }: RunInfo): boolean =>
  dispositions.some((each) => 'workflowId' in each && each.workflowId === workflowId);

/**
 * Started, then the reply was lost, and before the event came again its alert was resolved and fired anew elsewhere: the record rightly says
 * superseded, of an episode behind the one the run belongs to.
 */
const isOvertaken = ({ episode, dispositions }: EventRecord, { context }: RunInfo): boolean =>
  context !== null &&
  context.generation < (episode?.generation ?? 0) &&
  dispositions.some(
    (each) => each.trigger === context.trigger && each.kind === 'ignored' && each.reason === 'superseded',
  );

const notInItsRecord = ({ workflowId }: RunInfo, { position, dispositions }: EventRecord): Offender => ({
  kind: 'run-not-in-its-record',
  what: workflowId,
  detail: `the record of ${position.stream} #${position.sequence} says: ${JSON.stringify(dispositions)}`,
  repaired: false,
});

/** The record the event should have had, from what its runs say themselves. `storedAt`: null when the event has expired. */
function adoptedRecord(
  runs: readonly RunInfo[],
  storedAt: number | null,
  { instance, now = Date.now }: AuditOptions,
): EventRecord {
  const [first] = runs;
  const context = first?.context;
  const event = context?.event;
  if (!first || !context || !event) throw new Error(`run ${first?.workflowId ?? '(none)'} does not name its event`);
  const { id, type, source, title, stream, sequence } = event;
  return {
    kind: 'event',
    position: { stream, sequence, storedAt: storedAt ?? first.startedAt },
    event: { id, type, source, title, alertKey: context.alertKey, labels: {} },
    episode:
      context.alertKey === null
        ? null
        : { effect: context.attempt === 1 ? 'opened' : 'joined', generation: context.generation },
    dispositions: runs.map(({ workflowId, runId, context: own }) => ({
      trigger: own?.trigger ?? '',
      kind: 'started',
      workflowId,
      runId,
      generation: context.generation,
    })),
    triggerSet: '',
    recordedAt: new Date(now()).toISOString(),
    recordedBy: instance,
    adopted: true,
  };
}
