/**
 * The dispatcher carries a plan out: book, Temporal, dead letters, ledger, and only then the acknowledgement (R1). A crash between
 * any two of these repeats work that is harmless to repeat; an exception leaves the message unacknowledged for the consumer.
 */
import type { EventOf } from '../events/cloud-event.ts';
import { FOR_RUN } from '../events/for-run.ts';
import { timed } from '../match/timed.ts';
import { BoundedSet } from './bounded-set.ts';
import type { Delivery } from '../nats/port.ts';
import { type DecideOptions, decideAndWrite } from './decide-and-write.ts';
import { redriveOf } from './dead-letters.ts';
import { type Decoded, decode } from './decode.ts';
import { bounded, buriedWhole, identityOfEvent, positionOf, summary, unreadableIdentity } from './event-record.ts';
import type { Disposition, EventRecord, Position } from './disposition.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import { EngineRefused } from './engine.ts';
import { meaningOf } from './failure.ts';
import type { RecentRun } from './loop.ts';
import { policyOf } from './planner.ts';
import { overtaking } from './overtaken.ts';
import type { Plan, PlannedPlan, PlannedStart } from './plan.ts';
import { startRequest } from './start-request.ts';
import { forget, forgetAll } from './take-back.ts';
import { triggerSetHash } from './trigger-set.ts';

/** A message older than this may have been handled before. */
const SURELY_NEW_MS = 60_000;
/** A resolve handled this soon has no newer firing decided before it. */
const IN_TURN_MS = 1_000;
/** Keys remembered as known; forgetting one costs a lost compare-and-set. */
const MAX_KNOWN = 50_000;

/** A delivery, decoded once. */
export interface Received {
  readonly delivery: Delivery;
  readonly decoded: Decoded;
  /** What serialises deliveries and files their records: alert key or event id. */
  readonly identity: string;
}

export interface Dispatcher {
  receive(delivery: Delivery): Received;
  /** Settle one delivery; resolves after its acknowledgement is confirmed. Rejects with NotItsTurn when one of a backlog has to wait. */
  dispatch(received: Received): Promise<EventRecord>;
  /** Bury a message unhandled, and forget what was decided for it: later events must not join a run that never was. */
  quarantine(received: Received, reason: string, message: string): Promise<EventRecord>;
}

type WithKnown = DecideOptions & {
  /** Plans asked for here, so that an alert that fires on costs no further call. */
  readonly planned: BoundedSet;
};

export function createDispatcher(given: DispatcherOptions): Dispatcher {
  const { onCondition } = given;
  const triggers = onCondition === undefined ? given.triggers : given.triggers.map((each) => timed(each, onCondition));
  const options = { ...given, triggers, known: new BoundedSet(MAX_KNOWN), planned: new BoundedSet(MAX_KNOWN) };
  const knownTypes = new Set(triggers.map(({ on }) => on.type));
  const triggerSet = triggerSetHash(given.triggers);

  const finish = async (
    delivery: Delivery,
    record: Omit<EventRecord, 'kind' | 'triggerSet' | 'recordedAt' | 'recordedBy'>,
  ) => {
    const full: EventRecord = {
      kind: 'event',
      ...record,
      dispositions: record.dispositions.map(bounded),
      triggerSet,
      recordedAt: new Date(options.now()).toISOString(),
      recordedBy: options.instance,
    };
    for (const disposition of full.dispositions)
      if (disposition.kind === 'dead') await bury(options, delivery, disposition);
    await options.ledger.record(full);
    await delivery.ack();
    return full;
  };

  /** Acknowledges what has its record, and resolves to it; null: it has none. */
  const settledBefore = async (delivery: Delivery, identity: string): Promise<EventRecord | null> => {
    const position = positionOf(delivery);
    const recorded = await options.ledger.find(identity, position);
    // Of a stream before this one.
    if (recorded?.position.storedAt !== position.storedAt) return null;
    await delivery.ack();
    return recorded;
  };

  return {
    receive: (delivery) => {
      const decoded = decode(delivery, knownTypes);
      return { delivery, decoded, identity: decoded.ok ? identityOfEvent(decoded) : unreadableIdentity(delivery) };
    },
    dispatch: async ({ delivery, decoded, identity }) => {
      const position = positionOf(delivery);
      // A consumer made anew delivers everything for the first time once more.
      const again = delivery.deliveryCount > 1 || options.now() - delivery.storedAt > SURELY_NEW_MS;
      const recorded = again ? await settledBefore(delivery, identity) : null;
      if (recorded !== null) return recorded;
      if (!decoded.ok) return finish(delivery, buriedWhole(delivery, identity, decoded.reason, decoded.message));
      const { done, dispositions } = await carryOut(options, decoded, delivery, position);
      if (done.effect?.effect === 'closed' && isLate(delivery, options.now()))
        await putBackOvertaking(options, identity, done.effect, position);
      const asked = redriveOf(delivery)?.asked;
      return finish(delivery, {
        position,
        event: summary(decoded, position),
        episode: done.effect,
        dispositions,
        ...(asked ? { asked } : {}),
      });
    },
    quarantine: async ({ delivery, decoded, identity }, reason, message) => {
      // Only its acknowledgement may have been missing.
      const recorded = await settledBefore(delivery, identity);
      if (recorded !== null) return recorded;
      if (decoded.ok && decoded.alert !== null)
        await forgetAll(options.book, decoded.alert.alertKey, positionOf(delivery)).catch(whenUnreadable);
      return finish(delivery, buriedWhole(delivery, identity, reason, message));
    },
  };
}

/** A record that is none of ours holds no decision of ours; it may be why the message is buried. */
function whenUnreadable(error: unknown): void {
  if (meaningOf(error) !== 'suspect') throw error;
}

async function carryOut(
  options: WithKnown,
  decoded: Extract<Decoded, { ok: true }>,
  delivery: Delivery,
  position: Position,
) {
  const done = await decideAndWrite(options, decoded, delivery, position);
  const outcomes = await Promise.all(done.starts.map((start) => startRun(options, decoded, position, start)));
  const observed = await Promise.all(done.plans.map((each) => startPlan(options, decoded, position, each)));
  const started = outcomes.some(({ kind }) => kind === 'started');
  if (started && decoded.alert !== null) await tellIfResolvedMeanwhile(options, decoded.alert.alertKey, done.starts);
  const told = await Promise.all(
    done.signals.map(async ({ trigger, workflowId, generation }): Promise<Disposition> => {
      const reached = await options.engine.signalResolved(workflowId, position);
      return { trigger, kind: 'joined', workflowId, generation, run: reached ? 'told' : 'done' };
    }),
  );
  const named = done.forRun === null ? [] : [await tellRun(options, decoded.event, done.forRun)];
  return { done, dispositions: [...outcomes, ...observed, ...told, ...named, ...done.settled] };
}

/** The run keeps what it does not wait for yet, and knows an event that comes again by its id. */
async function tellRun(
  { engine }: DispatcherOptions,
  { id, type, source, subject, time, data }: EventOf<unknown>,
  workflowId: string,
): Promise<Disposition> {
  try {
    const reached = await engine.signalEvent(workflowId, {
      id,
      type,
      source,
      subject: subject ?? null,
      time: time ?? null,
      data: data ?? null,
    });
    return { trigger: FOR_RUN, kind: 'joined', workflowId, generation: 1, run: reached ? 'told' : 'done' };
  } catch (error) {
    if (!(error instanceof EngineRefused)) throw error;
    return { trigger: FOR_RUN, kind: 'dead', reason: 'signal-refused', message: error.message };
  }
}

const isLate = ({ deliveryCount, storedAt }: Delivery, now: number): boolean =>
  deliveryCount > 1 || now - storedAt > IN_TURN_MS;

async function putBackOvertaking(
  { ledger, putBack }: DispatcherOptions,
  alertKey: string,
  { generation }: NonNullable<Plan['effect']>,
  resolve: Position,
): Promise<void> {
  for (const event of await overtaking(ledger, { resolve, alertKey, generation })) await putBack(event);
}

async function startRun(
  options: DispatcherOptions,
  decoded: Extract<Decoded, { ok: true }>,
  position: Position,
  start: PlannedStart,
): Promise<Disposition> {
  const { trigger, workflowId, generation } = start;
  try {
    const result = await options.engine.start(startRequest(decoded, position, start));
    if (result.kind === 'started' || result.byThisEvent) {
      options.recent?.note(toRecent(decoded, start, options.now()));
      return { trigger: trigger.id, kind: 'started', workflowId, runId: result.runId, generation };
    }
    return { trigger: trigger.id, kind: 'joined', workflowId, generation, run: result.status };
  } catch (error) {
    if (!(error instanceof EngineRefused)) throw error;
    if (decoded.alert !== null) await forget(options.book, decoded.alert.alertKey, trigger.id, workflowId);
    return { trigger: trigger.id, kind: 'dead', reason: 'start-refused', message: error.message };
  }
}

/** The same id for the same plan, so it is made once; one that Temporal refuses leaves the disposition without it. */
async function startPlan(
  options: WithKnown,
  decoded: Extract<Decoded, { ok: true }>,
  position: Position,
  { start, disposition }: PlannedPlan,
): Promise<Disposition> {
  if (options.planned.has(start.workflowId)) return disposition;
  try {
    await options.engine.start(startRequest(decoded, position, start));
    options.planned.add(start.workflowId);
    return disposition;
  } catch (error) {
    if (!(error instanceof EngineRefused)) throw error;
    return { trigger: start.trigger.id, kind: 'ignored', reason: 'observed', detail: `no plan: ${error.message}` };
  }
}

/** R4, the starter's half: the resolver may have closed the episode between our write and our start, and found no run to tell. */
async function tellIfResolvedMeanwhile(
  options: DispatcherOptions,
  alertKey: string,
  starts: readonly PlannedStart[],
): Promise<void> {
  const { episode } = await options.book.read(alertKey);
  for (const { workflowId, trigger, generation } of starts) {
    const over = episode !== null && (episode.generation > generation || episode.status === 'closed');
    if (!over || episode.lastResolve === null || policyOf(options.triggers, trigger.id) === 'ignore') continue;
    await options.engine.signalResolved(workflowId, episode.lastResolve.by);
  }
}

const toRecent = ({ alert }: Extract<Decoded, { ok: true }>, start: PlannedStart, startedAt: number): RecentRun => ({
  workflowId: start.workflowId,
  trigger: start.trigger.id,
  region: start.region,
  service: start.service,
  alertKey: alert?.alertKey ?? null,
  startedAt,
  depth: start.lineage?.depth ?? 0,
});

const bury = (
  options: DispatcherOptions,
  delivery: Delivery,
  { trigger, reason, message }: Extract<Disposition, { kind: 'dead' }>,
) =>
  options.deadLetters.bury({
    trigger,
    reason,
    message,
    original: delivery,
    deliveryCount: delivery.deliveryCount,
    recordedBy: options.instance,
  });
