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
  readonly log: Pick<EventLog, 'consumerState' | 'read' | 'streamState'>;
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

export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { region, log, since } = options;
  const before = await consumerFloors(log, region);
  const sequences = await storedSequences(options, before.lastSequence);
  const records = await recordsSince(options);
  const unrecorded = sequences.filter(({ sequence }) => !records.has(sequence));
  const offenders: Offender[] = ackedWithoutRecord(region, unrecorded, before);
  const started = startedIn([...records.values()]);
  offenders.push(...(await startedWithoutRun(options, started)));
  const runs = await runsOfRegion(options);
  const pending = new Set(unrecorded.map(({ sequence }) => sequence));
  offenders.push(...(await runsWithoutRecord(options, runs, records, pending)));
  const left = offenders.filter(({ repaired }) => !repaired);
  return {
    region,
    since: new Date(since).toISOString(),
    counts: {
      stored: sequences.length,
      recorded: sequences.length - unrecorded.length,
      pending: unrecorded.length - offenders.filter(({ kind }) => kind === 'acked-without-record').length,
      started: started.length,
      runs: runs.length,
    },
    offenders,
    ok: left.length === 0,
  };
}

interface Floors {
  /** Per lane: everything up to this sequence is acknowledged. */
  readonly floor: ReadonlyMap<string, number>;
  readonly lastSequence: number;
}

/** Read first: what is acknowledged now has its record by the time the ledger is read. */
async function consumerFloors(log: AuditOptions['log'], region: string): Promise<Floors> {
  const floor = new Map<string, number>();
  for (const lane of LANES) {
    const state = await log.consumerState(eventStream(region), laneConsumer(lane));
    floor.set(lane, state.ackFloor);
  }
  const { lastSequence } = await log.streamState(eventStream(region));
  return { floor, lastSequence };
}

interface StoredAt {
  readonly sequence: number;
  readonly lane: string;
}

async function storedSequences({ log, region, since }: AuditOptions, last: number): Promise<StoredAt[]> {
  const found: StoredAt[] = [];
  for await (const { sequence, subject } of log.read({ stream: eventStream(region), since }))
    if (sequence <= last) found.push({ sequence, lane: subject.split('.')[2] ?? '' });
  return found;
}

async function recordsSince({ ledger, region, since }: AuditOptions): Promise<Map<number, EventRecord>> {
  const records = new Map<number, EventRecord>();
  for await (const record of ledger.read({ since }))
    if (record.kind === 'event' && record.position.stream === eventStream(region))
      records.set(record.position.sequence, record);
  return records;
}

const ackedWithoutRecord = (region: string, unrecorded: readonly StoredAt[], { floor }: Floors): Offender[] =>
  unrecorded
    .filter(({ sequence, lane }) => sequence <= (floor.get(lane) ?? 0))
    .map(({ sequence, lane }) => ({
      kind: 'acked-without-record',
      what: `${eventStream(region)} #${sequence}`,
      detail: `lane ${lane} has acknowledged everything up to ${floor.get(lane) ?? 0}, and the ledger has no record of it`,
      repaired: false,
    }));

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

async function runsOfRegion({ runs, region, since, now = Date.now }: AuditOptions): Promise<RunInfo[]> {
  const found: RunInfo[] = [];
  const settled = now() - VISIBILITY_LAG_MS;
  for await (const run of runs.startedSince(since))
    if (run.context?.event?.stream === eventStream(region) && run.startedAt <= settled) found.push(run);
  return found;
}

async function runsWithoutRecord(
  options: AuditOptions,
  runs: readonly RunInfo[],
  records: ReadonlyMap<number, EventRecord>,
  pending: ReadonlySet<number>,
): Promise<Offender[]> {
  const offenders: Offender[] = [];
  for (const run of runs) {
    const context = run.context;
    if (context?.event === null || context?.event === undefined) continue;
    const { sequence, id, stream } = context.event;
    // Started and not recorded yet: the event comes back until it is.
    if (pending.has(sequence)) continue;
    const identity = context.alertKey ?? id;
    const record = records.get(sequence) ?? (await options.ledger.find(identity, { stream, sequence, storedAt: 0 }));
    if (record === null) {
      if (options.repair) await options.ledger.record(adopted(run, options));
      offenders.push({
        kind: 'run-without-record',
        what: run.workflowId,
        detail: `started by ${stream} #${sequence}, of which the ledger has no record`,
        repaired: options.repair,
      });
    } else if (!record.dispositions.some((each) => 'workflowId' in each && each.workflowId === run.workflowId)) {
      offenders.push({
        kind: 'run-not-in-its-record',
        what: run.workflowId,
        detail: `the record of ${stream} #${sequence} says: ${JSON.stringify(record.dispositions)}`,
        repaired: false,
      });
    }
  }
  return offenders;
}

/** The record the run's event should have had, from what the run itself says. */
function adopted(run: RunInfo, { instance, now = Date.now }: AuditOptions): EventRecord {
  const { context } = run;
  const event = context?.event;
  if (!context || !event) throw new Error(`run ${run.workflowId} does not name its event`);
  return {
    kind: 'event',
    position: { stream: event.stream, sequence: event.sequence, storedAt: run.startedAt },
    event: { ...event, alertKey: context.alertKey, labels: {} },
    episode: context.alertKey === null ? null : { effect: 'opened', generation: context.generation },
    dispositions: [
      {
        trigger: context.trigger ?? '',
        kind: 'started',
        workflowId: run.workflowId,
        runId: run.runId,
        generation: context.generation,
      },
    ],
    triggerSet: '',
    recordedAt: new Date(now()).toISOString(),
    recordedBy: instance,
    adopted: true,
  };
}
